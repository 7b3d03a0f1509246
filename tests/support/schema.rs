//! As much of JSON Schema as `openwrt/contrib/health.schema.json` uses. A word of the schema that is
//! not understood here is a failure, never passed over.

use serde_json::Value;

/// What is wrong with `value`; empty: nothing.
pub fn check(root: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    Checker { root }.check(root, value, "$", &mut wrong);
    wrong
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        for (word, rule) in schema.as_object().unwrap() {
            let good = match word.as_str() {
                // What is inside is looked at on its own.
                "$schema" | "title" | "description" | "$defs" | "properties" | "items" => true,
                "$ref" => {
                    let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.check(self.root.pointer(pointer).unwrap(), value, at, wrong);
                    true
                }
                "type" => types(rule).any(|name| is(name, value)),
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
                "maxItems" => {
                    let most = usize::try_from(rule.as_u64().unwrap()).unwrap();
                    value.as_array().is_none_or(|list| list.len() <= most)
                }
                "anyOf" => rule.as_array().unwrap().iter().any(|one| self.fits(one, value)),
                "required" => rule.as_array().unwrap().iter().all(|key| {
                    value
                        .as_object()
                        .is_none_or(|object| object.contains_key(key.as_str().unwrap()))
                }),
                "additionalProperties" => {
                    assert_eq!(rule, &Value::Bool(false));
                    let known = schema["properties"].as_object().unwrap();
                    value
                        .as_object()
                        .is_none_or(|object| object.keys().all(|key| known.contains_key(key)))
                }
                word => panic!("the schema says '{word}', which is not understood here"),
            };
            if !good {
                wrong.push(format!("{at}: {value} against {word} {rule}"));
            }
            for (place, rule, value) in parts(word, rule, value) {
                self.check(rule, value, &format!("{at}{place}"), wrong);
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut wrong = Vec::new();
        self.check(schema, value, "", &mut wrong);
        wrong.is_empty()
    }
}

/// What is inside `value`, each with where it stands and its rule.
fn parts<'v>(word: &str, rule: &'v Value, value: &'v Value) -> Vec<(String, &'v Value, &'v Value)> {
    match word {
        "properties" => {
            let rules = rule.as_object().unwrap().iter();
            rules
                .filter_map(|(key, rule)| Some((format!(".{key}"), rule, value.get(key)?)))
                .collect()
        }
        "items" => {
            let list = value.as_array().into_iter().flatten().enumerate();
            list.map(|(index, value)| (format!("[{index}]"), rule, value)).collect()
        }
        _ => Vec::new(),
    }
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let one = rule.as_str().into_iter();
    one.chain(rule.as_array().into_iter().flatten().map(|name| name.as_str().unwrap()))
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        name => panic!("there is no type '{name}'"),
    }
}
