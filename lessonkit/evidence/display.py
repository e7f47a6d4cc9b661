"""How a number is written: the same words on a page, in a terminal and in an error."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_GLUED_UNITS = ("°", "×")  # written without a space before them
POINTS = "points"  # instead of a format: a share as percentage points


def number(value: float, format: str = ".3g", unit: str = "") -> str:
    """Write one value: `8.1e-12` becomes "8.1 × 10⁻¹²", `.15` under ".0%" becomes "15 %".

    A minus is a minus sign, and 0 is "0".
    """
    text = "0" if value == 0 and "e" in format else plain(value, format)
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = _power_of_ten(value, mantissa, int(exponent))
    if text.startswith("-") and not text.strip("-0.%"):  # nobody writes −0.00
        text = text[1:]
    text = text.replace("-", "−").replace("%", " %")
    if not unit:
        return text
    return f"{text}{'' if unit in _GLUED_UNITS else ' '}{unit}"


def _power_of_ten(value: float, mantissa: str, exponent: int) -> str:
    decimals = len(mantissa.partition(".")[2])
    if abs(exponent) <= 2:  # nobody writes 1.7 × 10⁰
        return f"{value:.{max(0, decimals - exponent)}f}"
    return f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPT)}"


def plain(value: float, format: str) -> str:
    """Write one value as Python does; `d` writes whole numbers, and no others."""
    if not format.endswith("d"):
        return f"{value:{format}}"
    if value != int(value):  # 2.5 under `d` would silently lose its half
        raise ValueError(f"format {format!r} writes whole numbers, and the value is {value}")
    return f"{int(value):{format}}"


def bound(value: float, format: str = ".3g", unit: str = "") -> str:
    """Write a bound in full and without idle zeros: 0.8 is "80 %" under ".1%", "0.8" under ".3f".

    Rounding 0.15 to "0.1" would publish another promise. Under "points", 0.25 is "25 points".
    """
    if format == POINTS:
        return number(100 * value, ".10g", POINTS)
    if format.endswith("%"):
        return f"{number(100 * value, '.10g')} %{f' {unit}' if unit else ''}"
    if "," in format and value == int(value):
        return number(value, ",d", unit)
    return number(value, ".10g", unit)


def span(values: Sequence[float], format: str = ".3g", unit: str = "") -> str:
    """Write the range over seeds, "6.7 × 10⁻¹² to 1.3 × 10⁻¹¹"."""
    low, high = number(min(values), format, unit), number(max(values), format, unit)
    return low if low == high else f"{low} to {high}"


def summary(values: Sequence[float], format: str = ".3g", unit: str = "") -> str:
    """Write the median with the range over seeds; the range only where it says something."""
    centre = middle(values, format, unit)
    extent = span(values, format, unit)
    return centre if extent == centre else f"{centre} ({extent})"


def middle(values: Sequence[float], format: str = ".3g", unit: str = "") -> str:
    """Write the median; that of an even count of whole numbers may end in a half."""
    value = median(values)
    if format.endswith("d") and value != int(value):
        format = format[:-1] + ".1f"
    return number(value, format, unit)


def median(values: Sequence[float]) -> float:
    """Return the middle value (mean of the two middle ones for an even count)."""
    return statistics.median(values)
