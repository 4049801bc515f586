//! The texts of a column while its row group is filled: what repeats is there once.

use bytes::Bytes;
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;

/// Rows that are handed on at once: they stay in the core's cache.
const AT_ONCE: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Texts {
    // of each row that has a text, its place among the values
    picks: Vec<u32>,
    values: Vec<Value>,
    // texts that are no words, one behind the other
    bytes: Vec<u8>,
    words: Vec<(&'static str, u32)>,
}

#[derive(Clone, Copy, Debug)]
enum Value {
    Word(&'static str),
    Span { from: usize, to: usize },
}

impl Texts {
    /// One of a few words.
    #[inline]
    pub fn word(&mut self, word: &'static str) {
        // where it lies tells it: no need to read it
        let known = self.words.iter().find(|(known, _)| std::ptr::eq(*known, word));
        let pick = known.map_or(self.values.len() as u32, |(_, pick)| *pick);
        if pick as usize == self.values.len() {
            self.values.push(Value::Word(word));
            self.words.push((word, pick));
        }
        self.picks.push(pick);
    }

    /// Any text; often it is the one of the row before.
    #[inline]
    pub fn text(&mut self, text: &[u8]) {
        let last = match self.values.last() {
            Some(Value::Span { from, to }) => self.bytes.get(*from..*to),
            _ => None,
        };
        if last != Some(text) {
            let from = self.bytes.len();
            self.bytes.extend_from_slice(text);
            self.values.push(Value::Span { from, to: self.bytes.len() });
        }
        self.picks.push(self.values.len() as u32 - 1);
    }

    /// Hands all of them on. A row has one where its level is `deepest`; without levels each has.
    pub fn write(
        &mut self,
        levels: Option<&[i16]>,
        deepest: i16,
        to: &mut ColumnWriterImpl<'_, ByteArrayType>,
    ) -> Result<(), ParquetError> {
        let bytes = Bytes::from(std::mem::take(&mut self.bytes));
        let mut picks = self.picks.as_slice();
        let mut batch = Batch::default();
        let mut put = |rows: usize, levels: Option<&[i16]>| {
            let Some((now, later)) = picks.split_at_checked(rows) else { return Ok(0) };
            picks = later;
            to.write_batch(batch.of(now, |pick| self.values[pick as usize].of(&bytes)), levels, None)
        };
        match levels {
            None => {
                for rows in self.picks.chunks(AT_ONCE) {
                    put(rows.len(), None)?;
                }
            }
            Some(levels) => {
                for levels in levels.chunks(AT_ONCE) {
                    put(levels.iter().filter(|level| **level == deepest).count(), Some(levels))?;
                }
            }
        }
        self.picks.clear();
        self.values.clear();
        self.words.clear();
        Ok(())
    }
}

/// The texts of some rows: where one has the text that stood there before, it stays.
#[derive(Debug, Default)]
struct Batch {
    picks: Vec<u32>,
    texts: Vec<ByteArray>,
}

impl Batch {
    fn of(&mut self, picks: &[u32], text: impl Fn(u32) -> ByteArray) -> &[ByteArray] {
        for ((before, there), pick) in self.picks.iter_mut().zip(&mut self.texts).zip(picks) {
            if before != pick {
                (*before, *there) = (*pick, text(*pick));
            }
        }
        for pick in picks.iter().skip(self.picks.len()) {
            self.picks.push(*pick);
            self.texts.push(text(*pick));
        }
        &self.texts[..picks.len()]
    }
}

impl Value {
    fn of(self, bytes: &Bytes) -> ByteArray {
        match self {
            Self::Word(word) => Bytes::from_static(word.as_bytes()).into(),
            Self::Span { from, to } => bytes.slice(from..to).into(),
        }
    }
}
