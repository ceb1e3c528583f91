//! Text that people write.

use super::fields::Rule;

/// Text of one line: trimmed, no control characters, of a bounded length.
pub fn line(text: &str, chars: std::ops::RangeInclusive<usize>) -> Result<String, Rule> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(control());
    }
    bounded(text, chars)
}

/// What others know something by: a line without what is hidden.
///
/// The joiners of Persian and of emoji may stand in it, but not alone.
pub fn name(text: &str, chars: std::ops::RangeInclusive<usize>) -> Result<String, Rule> {
    let text = text.trim();
    if text.chars().any(|c| is_hidden(c) && !is_joiner(c)) {
        return Err(control());
    }
    if text.chars().all(|c| is_joiner(c) || c.is_whitespace()) {
        return bounded("", chars);
    }
    bounded(text, chars)
}

/// Control characters, and those that are invisible or turn the direction of writing: with them one
/// name can look like another, and "gpj.exe" like "exe.jpg".
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Zero width joiner and non-joiner: they shape the letters and emoji beside them.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
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

    #[test]
    fn a_name_hides_nothing_but_what_joins_letters() {
        for bad in [
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200b}b",
            "a\u{200f}",
            "\u{feff}a",
            "\u{3164}",
            "a\u{e0041}",
        ] {
            assert_eq!(code(name(bad, 1..=9)), "control_character", "{bad:?}");
        }
        // Persian "they want"; a family; an Arabic name.
        for good in [
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{646}\u{62f}",
            "\u{1f469}\u{200d}\u{1f467}",
            "\u{645}\u{631}\u{64a}\u{645}",
        ] {
            assert_eq!(name(good, 1..=9).unwrap(), good);
        }
        assert_eq!(code(name("\u{200d} \u{200c}", 1..=9)), "required");
        assert_eq!(code(line("a\u{202e}b", 1..=9)), "ok");
        assert_eq!(code(paragraph("a\u{202e}b", 1..=9)), "ok");
    }
}
