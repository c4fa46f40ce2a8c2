//! Durations as people write them.

use std::time::Duration;

/// Reads a duration, or `0s` for none.
pub fn duration_or_none(text: &str) -> std::result::Result<Duration, String> {
    if text == "0s" { Ok(Duration::ZERO) } else { duration(text) }
}

/// Reads `500ms`, `2s`, `15m`, `1h` or `1d`.
pub fn duration(text: &str) -> std::result::Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().map_err(|_| format!("\"{text}\" is not a duration; give one like 15m"))?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        _ => return Err(format!("\"{text}\" needs a unit: ms, s, m, h or d, as in 15m")),
    };
    let millis = number.checked_mul(millis).filter(|ms| (1..=1000 * 24 * 3600 * 1000).contains(ms));
    millis.map(Duration::from_millis).ok_or_else(|| format!("\"{text}\" is out of range (1ms to 1000d)"))
}
