//! Faults as a person sees them.

use super::*;

const TABLE: &[Variable] = &[
    Variable::required("LEVIATHAN_PLACE", "Where it lies.", "s3://bucket"),
    Variable::default("LEVIATHAN_COUNT", "How many.", "3", "2"),
    Variable::optional("LEVIATHAN_LIMIT", "At most.", "9"),
    Variable::required("LEVIATHAN_KEY", "The name of the key's secret.", "secret:key")
        .naming_a_secret(),
];

#[derive(Debug, PartialEq, Eq)]
struct Config {
    place: String,
    count: u8,
    limit: Option<u8>,
    key: String,
}

/// Takes names that begin with `secret:`.
#[derive(Debug)]
struct Name(String);

impl FromStr for Name {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("secret:").ok_or_else(|| format!("{text} is no name"))?;
        Ok(Self(name.to_owned()))
    }
}

fn read(environment: &[(&str, &str)]) -> Result<Config, String> {
    let pairs = environment.iter().map(|(name, value)| (name.into(), value.into()));
    let mut reader = Reader::new(TABLE, pairs);
    let (place, count) = (reader.get::<Text>(&TABLE[0]), reader.get(&TABLE[1]));
    let (limit, key) = (reader.get_optional(&TABLE[2]), reader.get::<Name>(&TABLE[3]));
    let built = || Some(Config { place: place?.0, count: count?, limit, key: key?.0 });
    let built = built();
    reader.finish(built).map_err(|error| error.to_string())
}

#[test]
fn what_is_set_counts_and_what_is_set_to_nothing_does_not() {
    let needed = [("LEVIATHAN_PLACE", "here"), ("LEVIATHAN_KEY", "secret:x"), ("PATH", "/bin")];
    let config = |count, limit| Config { place: "here".into(), count, limit, key: "x".into() };
    assert_eq!(read(&needed), Ok(config(2, None)));
    let all = [&needed[..], &[("LEVIATHAN_COUNT", "7"), ("LEVIATHAN_LIMIT", "8")]].concat();
    assert_eq!(read(&all), Ok(config(7, Some(8))));
    let empty = [&needed[..], &[("LEVIATHAN_COUNT", ""), ("LEVIATHAN_LIMIT", "")]].concat();
    assert_eq!(read(&empty), Ok(config(2, None)));
}

#[test]
fn all_faults_are_told_at_once_with_value_and_example() {
    let told = read(&[
        ("LEVIATHAN_PLACE", ""),
        ("LEVIATHAN_COUNT", "many"),
        ("LEVIATHAN_LIMIT", "256"),
        ("LEVIATHAN_KEY", "hunter2"),
        ("LEVIATHAN_LIMITS", "9"),
        ("LEVIATHAN_COLOUR", "red"),
    ])
    .unwrap_err();
    for words in [
        "6 fault(s)",
        "LEVIATHAN_PLACE is not set. Where it lies. Example: s3://bucket",
        "LEVIATHAN_COUNT is set to \"many\": invalid digit found in string. Example: 3",
        "LEVIATHAN_LIMIT is set to \"256\": number too large to fit in target type. Example: 9",
        "LEVIATHAN_KEY is set to something that is not shown, as it may be a secret, and is no \
         name of one. The name of the key's secret. Example: secret:key",
        "\"LEVIATHAN_LIMITS\" means nothing to this program; LEVIATHAN_LIMIT may be meant",
        "\"LEVIATHAN_COLOUR\" means nothing to this program; take it away",
    ] {
        assert!(told.contains(words), "{words} is not in\n{told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_text_are_a_fault() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = OsString::from_vec(vec![b'a', 0xff]);
    let mut reader = Reader::new(TABLE, [("LEVIATHAN_PLACE".into(), value)]);
    assert!(reader.get::<Text>(&TABLE[0]).is_none());
    let told = reader.finish::<()>(Some(())).unwrap_err().to_string();
    assert!(told.contains("LEVIATHAN_PLACE is not UTF-8"), "{told}");
}

#[test]
fn a_long_value_is_cut() {
    let long = "x".repeat(5_000);
    let told = read(&[("LEVIATHAN_COUNT", &long)]).unwrap_err();
    assert!(told.len() < 1_000, "{told}");
}

#[test]
fn the_page_has_a_row_for_each_variable() {
    let page = table(TABLE);
    for row in [
        "| `LEVIATHAN_PLACE`<br>Where it lies. | does not start | `s3://bucket` |",
        "| `LEVIATHAN_COUNT`<br>How many. | `2` | `3` |",
        "| `LEVIATHAN_LIMIT`<br>At most. | off | `9` |",
    ] {
        assert!(page.contains(row), "{page}");
    }
}
