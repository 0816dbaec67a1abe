"""How a box comes to its key, and to newer ones: enrolment, credentials, settings of the hub."""
