//! Python's own spelling is the reference; the expected hashes were computed there.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object(text: &str) -> Payload {
    serde_json::from_str(text).unwrap()
}

#[test]
fn two_linked_events_hash_as_python_hashes_them() {
    let payload = object(
        r#"{"zeta":1,"alpha":{"y":[1,2.50,-0.0,1e3],"x":null},"\u00fc":"\ud83d\ude80 \u2028/\u007f\t\u0001\"\\","\uffff":-0,"\ud83d\ude00":123456789012345678901234567890}"#,
    );
    let first = event_hash(None, "first", "note.taken", "2026-03-01 08:09:10.25", None, &payload);
    assert_eq!(
        first.as_deref(),
        Ok("db6250ec6590aa15205b10f4998dac9ccc44f9c60098e9417a4628a6bfed65e4")
    );
    let second = event_hash(
        first.as_deref().ok(),
        "second",
        "note.taken",
        "2026-03-01T08:09:10Z",
        Some("someone"),
        &Payload::new(),
    );
    assert_eq!(
        second.as_deref(),
        Ok("de63502f8ed9e2856055d48b936726e832984fea8d4e4c29b466801c76ae4c66")
    );
}

#[test]
fn numbers_are_spelled_as_python_spells_them() {
    for (sent, spelled) in [
        ("0", "0"),
        ("-0", "0"),
        ("-7", "-7"),
        ("100000000000000000000000000000000000001", "100000000000000000000000000000000000001"),
        ("1.0", "1.0"),
        ("1.50", "1.5"),
        ("-0.0", "-0.0"),
        ("-0e5", "-0.0"),
        ("0.1", "0.1"),
        ("1E2", "100.0"),
        ("1e+2", "100.0"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1e-7", "1e-07"),
        ("9999999999999998.0", "9999999999999998.0"),
        ("1e16", "1e+16"),
        ("123456789012345678.0", "1.2345678901234568e+17"),
        ("1e22", "1e+22"),
        ("1.5e300", "1.5e+300"),
        ("5e-324", "5e-324"),
        ("1e-400", "0.0"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"),
    ] {
        let payload = object(&format!("{{\"n\":{sent}}}"));
        assert_eq!(canonical(&payload), Ok(format!("{{\"n\":{spelled}}}")), "sent {sent}");
    }
}

#[test]
fn what_python_could_not_verify_is_refused() {
    let infinite = object(r#"{"a":[{"b":-1e999}]}"#);
    assert_eq!(
        canonical(&infinite),
        Err(ChainProblem::Overflow { text: infinite["a"][0]["b"].to_string() })
    );
    let mut deep = json!(1);
    for _ in 0..300 {
        deep = json!([deep]);
    }
    let mut payload = Payload::new();
    payload.insert("deep".to_owned(), deep);
    assert_eq!(canonical(&payload), Err(ChainProblem::TooDeep));
    assert!(event_hash(None, "e", "t", "yesterday", None, &Payload::new()).is_err());
}

#[test]
fn every_field_and_the_link_count() {
    let hash = |prev, id, kind, time, actor| {
        event_hash(prev, id, kind, time, actor, &Payload::new()).unwrap()
    };
    let hashes = [
        hash(None, "e", "t", "2026-01-01", None),
        hash(Some("00"), "e", "t", "2026-01-01", None),
        hash(None, "f", "t", "2026-01-01", None),
        hash(None, "e", "u", "2026-01-01", None),
        hash(None, "e", "t", "2026-01-01T00:00Z", None),
        hash(None, "e", "t", "2026-01-01", Some("")),
    ];
    let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len());
    assert_eq!(hash(None, "e", "t", "2026-01-01 00:00", None), hashes[0]);
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no infinity", |f| f.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn payloads() -> impl Strategy<Value = Payload> {
    prop::collection::btree_map(any::<String>(), values(), 0..6)
        .prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn the_spelling_is_ascii_and_spells_itself(payload in payloads()) {
        let spelled = canonical(&payload).unwrap();
        prop_assert!(spelled.bytes().all(|b| (b' '..=b'~').contains(&b)));
        prop_assert_eq!(canonical(&object(&spelled)), Ok(spelled));
    }

    #[test]
    fn the_order_of_keys_does_not_matter(payload in payloads()) {
        let turned: Payload = payload.clone().into_iter().rev().collect();
        prop_assert_eq!(canonical(&payload), canonical(&turned));
    }

    #[test]
    fn a_float_reads_back_as_itself(bits in any::<u64>()) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        let mut text = String::new();
        write_float(float, &mut text);
        prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
    }
}
