//! Simpler values, and the measure of simplicity.

use schema::Affinity;

use crate::hostile;
use crate::plan::ColumnPlan;
use observe::Value;

/// The complexity of a value, worst first: an edge value, a type that the column does not declare,
/// a large value.
type Weight = (bool, bool, usize, u64, Vec<u8>);

pub(super) fn weight(value: &Value, column: &ColumnPlan) -> Weight {
    let odd = hostile::why(value, column.affinity, column.typed).is_some();
    let (foreign, size, amount, bytes) = match value {
        // NULL in a primary key is never intended.
        Value::Null => return (column.primary, false, 0, 0, Vec::new()),
        Value::Integer(number) => (
            column.affinity == Affinity::Text,
            1,
            number.unsigned_abs(),
            Vec::new(),
        ),
        Value::Real(bits) => {
            let real = f64::from_bits(*bits);
            let whole = column.affinity == Affinity::Integer;
            (
                whole,
                2 + usize::from(real.fract() != 0.0),
                real.abs().min(1e18) as u64,
                bits.to_le_bytes().to_vec(),
            )
        }
        Value::Text(text) => {
            let not_a = text.iter().filter(|byte| **byte != b'a').count();
            (
                column.affinity != Affinity::Text,
                4 + text.len(),
                not_a as u64,
                text.clone(),
            )
        }
        Value::Blob(blob) => (
            column.affinity != Affinity::Blob,
            4 + blob.len(),
            0,
            blob.clone(),
        ),
    };
    (odd, foreign, size, amount, bytes)
}

/// Values that are simpler than `value`, the simplest first.
pub(super) fn shrink_value(value: &Value, column: &ColumnPlan) -> Vec<Value> {
    let mut found = Vec::new();
    if !column.not_null && !column.primary {
        found.push(Value::Null);
    }
    match column.affinity {
        Affinity::Integer | Affinity::Numeric => found.extend([0, 1, 2, 3].map(Value::Integer)),
        Affinity::Real => {
            found.extend([0.0, 1.0, 0.5].map(|real: f64| Value::Real(real.to_bits())))
        }
        Affinity::Text => found.extend(["a", "b", "c"].map(Value::text)),
        Affinity::Blob if !column.typed => {
            found.extend([Value::Integer(0), Value::Integer(1), Value::text("a")])
        }
        Affinity::Blob => found.push(Value::Blob(vec![b'a'])),
    }
    match value {
        Value::Null => {}
        Value::Integer(number) => {
            found.extend([2, 1_000, 1 << 32].map(|by| Value::Integer(number / by)));
            // Ever smaller steps down find the number at which an effect begins.
            let steps = [4, 16, 1 << 8, 1 << 16, 1 << 32].map(|by| number / by);
            let steps = steps.into_iter().chain([number.signum()]);
            found.extend(
                steps
                    .filter_map(|step| number.checked_sub(step))
                    .map(Value::Integer),
            );
        }
        Value::Real(bits) => {
            let real = f64::from_bits(*bits);
            let steps = [2.0, 4.0, 16.0, 256.0].map(|by| (real - real / by).trunc());
            let steps = steps
                .into_iter()
                .chain([real.trunc(), real.trunc() - real.signum()]);
            found.extend(steps.map(|real| Value::Real(real.to_bits())));
        }
        Value::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => {
                found.extend(text.split_whitespace().take(8).map(Value::text));
                found.extend(
                    shorter(&text.chars().collect::<Vec<char>>(), 'a')
                        .map(|text| Value::text(&text.into_iter().collect::<String>())),
                );
            }
            Err(_) => found.extend(shorter(bytes, b'a').map(Value::Text)),
        },
        Value::Blob(bytes) => found.extend(shorter(bytes, b'a').map(Value::Blob)),
    }
    let own = weight(value, column);
    let mut weighed: Vec<_> = found
        .into_iter()
        .map(|value| (weight(&value, column), value))
        .collect();
    // An id of zero is unusual.
    weighed
        .retain(|(weight, value)| *weight < own && !(column.rowid && *value == Value::Integer(0)));
    weighed.sort();
    weighed.dedup();
    weighed.into_iter().map(|(_, value)| value).collect()
}

/// The items with parts left out, and with one item replaced by the plain one. Of long lists only
/// large parts are left out, so that the number of candidates stays small.
fn shorter<T: Copy + PartialEq>(items: &[T], plain: T) -> impl Iterator<Item = Vec<T>> {
    const SINGLE: usize = 40;
    let mut found = Vec::new();
    let mut part = items.len() / 2;
    while part > 0 && (part > items.len() / 16 || items.len() <= SINGLE) {
        for start in (0..items.len()).step_by(part) {
            let rest = items
                .iter()
                .enumerate()
                .filter(|(at, _)| *at < start || *at >= start + part);
            found.push(rest.map(|(_, item)| *item).collect());
        }
        part /= 2;
    }
    if items.len() <= SINGLE {
        for at in 0..items.len() {
            let mut changed = items.to_vec();
            if let Some(item) = changed.get_mut(at).filter(|item| **item != plain) {
                *item = plain;
                found.push(changed);
            }
        }
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role;

    #[test]
    fn simpler_is_lighter_and_ends() {
        let column = |affinity| ColumnPlan {
            name: "c".into(),
            affinity,
            typed: true,
            strict: false,
            not_null: true,
            rowid: false,
            in_key: false,
            primary: false,
            default: None,
            role: Role::Word,
            own: None,
        };
        let values = [
            Value::text("it's a long\0 text, İndeed"),
            Value::Integer(i64::MIN),
            Value::Real(f64::INFINITY.to_bits()),
            Value::Blob((0..=255).collect()),
            Value::Text(vec![0xff, 0xfe]),
        ];
        for affinity in [
            Affinity::Text,
            Affinity::Integer,
            Affinity::Real,
            Affinity::Blob,
        ] {
            for value in &values {
                let column = column(affinity);
                let mut value = value.clone();
                for step in 0.. {
                    assert!(step < 2_000, "{value} never ends");
                    let all = shrink_value(&value, &column);
                    let lighter = |next| weight(next, &column) < weight(&value, &column);
                    assert!(all.iter().all(lighter), "{value}");
                    // Not the simplest candidate, for a longer sequence.
                    let Some(next) = all.into_iter().take(4).next_back() else {
                        break;
                    };
                    value = next;
                }
                assert!(hostile::why(&value, affinity, true).is_none(), "{value}");
            }
        }
    }
}
