//! A map of JSON or YAML in, its pairs in their order out; a key that stands twice is refused where it stands.

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// What is wrong with a key that is refused; the key stands in front of it.
pub const TWICE: &str = " stands twice; keep one";

/// Pairs, no two of one key. Other maps take the last one of those, and nobody learns that there were more.
#[derive(Debug)]
pub struct KeysOnce<V>(pub IndexMap<String, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for KeysOnce<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

struct Pairs<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Pairs<V> {
    type Value = KeysOnce<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<KeysOnce<V>, M::Error> {
        let mut found: IndexMap<String, V> = IndexMap::new();
        while let Some(key) = map.next_key_seed(NewKey(&found))? {
            found.insert(key, map.next_value()?);
        }
        Ok(KeysOnce(found))
    }
}

/// Refuses while the key is read: of that YAML and JSON know the line, of a map only where it begins or ends.
struct NewKey<'a, V>(&'a IndexMap<String, V>);

impl<'de, V> DeserializeSeed<'de> for NewKey<'_, V> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<V> Visitor<'_> for NewKey<'_, V> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        if self.0.contains_key(key) {
            return Err(E::custom(format!("{key}{TWICE}")));
        }
        Ok(key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_json(text: &str) -> Result<KeysOnce<u64>, serde_json::Error> {
        serde_json::from_str(text)
    }

    fn of_yaml(text: &str) -> Result<KeysOnce<u64>, serde_yaml::Error> {
        serde_yaml::from_str(text)
    }

    #[test]
    fn pairs_keep_their_order() {
        let pairs = |found: KeysOnce<u64>| found.0.into_iter().collect::<Vec<_>>();
        let wanted = [("b", 1), ("a", 2), ("ab", 3)].map(|(key, value)| (key.to_owned(), value));
        assert_eq!(pairs(of_json("{\"b\": 1, \"a\": 2, \"ab\": 3}").unwrap()), wanted);
        assert_eq!(pairs(of_yaml("b: 1\na: 2\n'ab': 3\n").unwrap()), wanted);
        assert!(of_yaml("").unwrap().0.is_empty() && of_json("{}").unwrap().0.is_empty());
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_with_its_line() {
        for (text, line) in [("{\"b\": 1,\n\"a\": 2,\n\"\\u0062\": 3}\n", 3), ("{\"b\":1,\"b\":1}", 1)] {
            let error = of_json(text).unwrap_err();
            assert!(error.to_string().starts_with("b stands twice; keep one at line "), "{error}");
            assert_eq!(error.line(), line, "{text}");
        }
        for (text, line) in [("# ours\nb: 1\na: 2\n\"b\": 3\nc: 4\n", 4), ("{b: 1, b: 1}", 1)] {
            let error = of_yaml(text).unwrap_err();
            assert!(error.to_string().starts_with("b stands twice; keep one at line "), "{error}");
            assert_eq!(error.location().unwrap().line(), line, "{text}");
        }
    }
}
