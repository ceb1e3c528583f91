//! The SQL of the sources, as it stands in their strings.
//!
//! A statement is one string or is put together from several, some of them in macros. Each of them
//! must be in a statement that was prepared: so none is left out of what is explained.

use std::path::Path;

/// What a string has that is SQL.
const KEYWORDS: [&str; 9] = [
    "SELECT",
    "FROM",
    "WHERE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "RETURNING",
    "ORDER BY",
    "LIMIT",
];

/// A piece of SQL, and its file in `store/`.
#[derive(Debug)]
pub struct Piece {
    pub file: String,
    pub text: String,
}

/// Every piece of SQL in a folder of sources, but for their tests.
pub fn of(folder: &Path) -> Vec<Piece> {
    let mut pieces = Vec::new();
    collect(folder, folder, &mut pieces);
    pieces
}

fn collect(root: &Path, folder: &Path, pieces: &mut Vec<Piece>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, pieces);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let file = path.strip_prefix(root).unwrap().display().to_string();
        pieces.extend(strings(code).filter(|text| is_sql(text)).map(|text| Piece {
            file: file.clone(),
            text,
        }));
    }
}

fn is_sql(text: &str) -> bool {
    KEYWORDS.iter().any(|keyword| text.contains(keyword))
}

/// The strings of a source, as the program has them.
fn strings(code: &str) -> impl Iterator<Item = String> {
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: Vec<&str> = lines.collect();
    let code = code
        .join("\n")
        .replace("\\\\", "\u{1}")
        .replace("\\\"", "\u{2}");
    let inside = code.split('"').skip(1).step_by(2).map(str::to_owned);
    let inside: Vec<String> = inside.collect();
    inside.into_iter().map(|text| {
        let mut lines = text.split("\\\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let whole = lines.fold(first, |text, line| text + line.trim_start());
        whole.replace('\u{1}', "\\").replace('\u{2}', "\"")
    })
}

/// A prepared statement with its parameters as the sources have them.
pub fn unnumbered(statement: &str) -> String {
    let mut parts = statement.split('$');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let sign = if rest.len() < part.len() { "{}" } else { "$" };
        text + sign + rest
    })
}

#[test]
fn strings_are_found_as_the_program_has_them() {
    let code = "sql(\"SELECT \\\"a\\\" \\\n    FROM b\").x(\"'\\\\_'\") // \"no\n/// \"no\"\n";
    let found: Vec<_> = strings(code).take(2).collect();
    assert_eq!(found, ["SELECT \"a\" FROM b", "'\\_'"]);
    assert_eq!(
        unnumbered("a = $1 AND b > $12 '$'"),
        "a = {} AND b > {} '$'"
    );
}
