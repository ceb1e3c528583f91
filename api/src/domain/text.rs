//! Text that people write.

use super::fields::Rule;

/// Text of one line: trimmed, without control characters, of a bounded length.
pub fn line(text: &str, chars: std::ops::RangeInclusive<usize>) -> Result<String, Rule> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(control());
    }
    bounded(text, chars)
}

/// Text of several lines: trimmed, no control characters but tab and newline, of a bounded length.
pub fn paragraph(text: &str, chars: std::ops::RangeInclusive<usize>) -> Result<String, Rule> {
    let text = text.trim();
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n'))
    {
        return Err(control());
    }
    bounded(text, chars)
}

fn control() -> Rule {
    Rule::new("control_character", "must not hold control characters")
}

fn bounded(text: &str, chars: std::ops::RangeInclusive<usize>) -> Result<String, Rule> {
    let count = text.chars().count();
    if count < *chars.start() {
        let code = if count == 0 { "required" } else { "too_short" };
        return Err(Rule::new(
            code,
            format!("must have at least {} characters", chars.start()),
        ));
    }
    if count > *chars.end() {
        return Err(Rule::new(
            "too_long",
            format!("must have at most {} characters", chars.end()),
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(result: Result<T, Rule>) -> &'static str {
        result.err().map_or("ok", |rule| rule.code)
    }

    #[test]
    fn length_is_counted_in_characters_after_trimming() {
        assert_eq!(line("  ada  ", 1..=3).unwrap(), "ada");
        assert_eq!(line("\u{1F600}\u{1F600}", 1..=2).unwrap().len(), 8);
        assert_eq!(code(line("abcd", 1..=3)), "too_long");
        assert_eq!(code(line("ab", 3..=5)), "too_short");
        assert_eq!(code(line("   ", 1..=5)), "required");
    }

    #[test]
    fn control_characters_are_refused() {
        for bad in ["a\0b", "a\u{7f}b", "a\u{85}b", "a\nb", "a\tb"] {
            assert_eq!(code(line(bad, 1..=9)), "control_character", "{bad:?}");
        }
        assert_eq!(code(paragraph("a\n\tb", 1..=9)), "ok");
        assert_eq!(code(paragraph("a\rb", 1..=9)), "control_character");
        assert_eq!(code(paragraph("a\0b", 1..=9)), "control_character");
    }
}
