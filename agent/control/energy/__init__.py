"""Energy of limited reservoirs: what keeps a battery able to answer, by the rules of its area."""
