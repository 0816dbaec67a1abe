"""Forecasts as a service: jobs as rows, a process that computes, a schedule, a watch, an API."""
