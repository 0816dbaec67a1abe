"""What crosses a process boundary: frozen messages and shared words, no I/O.

Sign convention, stated here and nowhere else
    ``power_kw`` is measured at the battery's AC terminals.
    Positive is discharge, export, sell: energy leaves the battery.
    Negative is charge, import, buy. A driver converts to this on read and
    from it on write, so no code above ``drivers/`` ever flips a sign.

Units live in names, last: ``_kw``, ``_kwh``, ``_pct`` (0..100), ``_hz``, ``_s``, ``_us``.
Instants are timezone-aware UTC or integer microseconds since 1970 (``_us``);
intervals are half-open ``[start, end)``. A missing value is ``None``, never 0.
"""
