//! Reading a session's document, the column `raw_json`.
//!
//! A file contains documents of many devices and years, so every read of a document goes through
//! [`Document::read`]. It reads only the parts that it needs: the rest may have any shape and any
//! depth, and costs no memory.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use rusqlite::types::ValueRef;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The name of an exercise without a name.
pub const UNKNOWN: &str = "Unknown";

/// The part of a session's document that the application reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document<'a> {
    /// `date` as logged, usually `YYYY-MM-DD`; `None` if it is missing or not a string.
    pub date: Option<Cow<'a, str>>,
    /// The name of each element of `exercises`, in order; [`UNKNOWN`] if it has none.
    pub exercises: Vec<Cow<'a, str>>,
}

/// The reason why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// The column is not text.
    NotText,
    /// The text is not UTF-8.
    NotUtf8,
    /// The text is not JSON, with the parser's message.
    NotJson(String),
    /// The JSON is not an object.
    NotAnObject,
    /// `exercises` exists and is not a list.
    ExercisesNotAList,
    /// This exercise, counted from 1, is not an object.
    ExerciseNotAnObject(usize),
    /// The name of this exercise, counted from 1, exists and is not a string.
    NameNotAString(usize),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NotText => f.write_str("it is not text"),
            Unreadable::NotUtf8 => f.write_str("it is not UTF-8"),
            Unreadable::NotJson(why) => write!(f, "it is not JSON: {why}"),
            Unreadable::NotAnObject => f.write_str("it is not an object"),
            Unreadable::ExercisesNotAList => f.write_str("`exercises` is not a list"),
            Unreadable::ExerciseNotAnObject(number) => {
                write!(f, "exercise {number} is not an object")
            }
            Unreadable::NameNotAString(number) => {
                write!(f, "the name of exercise {number} is not a string")
            }
        }
    }
}

impl std::error::Error for Unreadable {}

impl<'a> Document<'a> {
    /// Reads a value of the column `raw_json`.
    ///
    /// Of a duplicate key the last one counts, as in most JSON parsers.
    ///
    /// # Errors
    /// The reason why the document cannot be read.
    pub fn read(value: ValueRef<'a>) -> Result<Document<'a>, Unreadable> {
        match value {
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Document::parse(text),
                Err(_) => Err(Unreadable::NotUtf8),
            },
            _ => Err(Unreadable::NotText),
        }
    }

    /// The same for a text.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn parse(text: &'a str) -> Result<Document<'a>, Unreadable> {
        // A wrong shape does not end the parser: text that is not JSON is reported as such,
        // wherever the parser fails.
        match serde_json::from_str::<Found<Object<'a>>>(text) {
            Err(error) => Err(Unreadable::NotJson(error.to_string())),
            Ok(Found(None)) => Err(Unreadable::NotAnObject),
            Ok(Found(Some(Object { date, exercises }))) => Ok(Document {
                date,
                exercises: exercises?,
            }),
        }
    }
}

/// A target for JSON values of one kind; values of other kinds are skipped.
trait Wanted<'de>: Sized {
    fn text(_text: Cow<'de, str>) -> Option<Self> {
        None
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A value of the wanted kind, or `None` for any other value.
struct Found<T>(Option<T>);

impl<'de, T: Wanted<'de>> Deserialize<'de> for Found<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(AnyKind(PhantomData))
            .map(Found)
    }
}

struct AnyKind<T>(PhantomData<T>);

impl<'de, T: Wanted<'de>> Visitor<'de> for AnyKind<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Option<T>, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<T>, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        T::object(object)
    }
}

struct Text<'de>(Cow<'de, str>);

impl<'de> Wanted<'de> for Text<'de> {
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Text(text))
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Date,
    Exercises,
    Name,
    #[serde(other)]
    Other,
}

/// An exercise: its name, or `None` if the name is not a string.
struct Exercise<'de>(Option<Cow<'de, str>>);

impl<'de> Wanted<'de> for Exercise<'de> {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut name = Some(Cow::Borrowed(UNKNOWN));
        while let Some(key) = object.next_key()? {
            match key {
                Key::Name => {
                    name = object
                        .next_value::<Found<Text<'de>>>()?
                        .0
                        .map(|text| text.0)
                }
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Some(Exercise(name)))
    }
}

/// The names in `exercises`, or the problem of the first element without a readable name.
struct Exercises<'de>(Result<Vec<Cow<'de, str>>, Unreadable>);

impl<'de> Wanted<'de> for Exercises<'de> {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut names = Ok(Vec::new());
        let mut number = 0;
        while let Some(Found(exercise)) = list.next_element::<Found<Exercise<'de>>>()? {
            number += 1;
            let Ok(so_far) = &mut names else { continue };
            match exercise {
                Some(Exercise(Some(name))) => so_far.push(name),
                Some(Exercise(None)) => names = Err(Unreadable::NameNotAString(number)),
                None => names = Err(Unreadable::ExerciseNotAnObject(number)),
            }
        }
        Ok(Some(Exercises(names)))
    }
}

/// The whole document.
struct Object<'de> {
    date: Option<Cow<'de, str>>,
    exercises: Result<Vec<Cow<'de, str>>, Unreadable>,
}

impl<'de> Wanted<'de> for Object<'de> {
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut found = Object {
            date: None,
            exercises: Ok(Vec::new()),
        };
        while let Some(key) = object.next_key()? {
            match key {
                Key::Date => found.date = object.next_value::<Found<Text<'de>>>()?.0.map(|t| t.0),
                Key::Exercises => {
                    let list = object.next_value::<Found<Exercises<'de>>>()?.0;
                    found.exercises =
                        list.map_or(Err(Unreadable::ExercisesNotAList), |exercises| exercises.0);
                }
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Some(found))
    }
}
