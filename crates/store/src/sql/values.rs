//! How values look in the database.

use jiff::Timestamp;
use rialto_model::{
    AttemptOutcome, ConnectionId, ConversationRef, Delivery, DeliveryId, DeliveryState, Emoji,
    MessageId, PartKey, RemoteId, WorkKind,
};
use rusqlite::{
    Row,
    types::{FromSql, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::Fault;
use crate::CopiedFile;

// The index of an entry is its number in the database: only append.
pub(super) const STATES: [DeliveryState; 4] = [
    DeliveryState::Pending,
    DeliveryState::Delivered,
    DeliveryState::Parked,
    DeliveryState::Cancelled,
];
pub(super) const KINDS: [WorkKind; 6] = [
    WorkKind::Post,
    WorkKind::Edit,
    WorkKind::Delete,
    WorkKind::React,
    WorkKind::Unreact,
    WorkKind::Notice,
];
pub(super) const OUTCOMES: [AttemptOutcome; 6] = [
    AttemptOutcome::Done,
    AttemptOutcome::RateLimited,
    AttemptOutcome::Transient,
    AttemptOutcome::Unknown,
    AttemptOutcome::Revoked,
    AttemptOutcome::Permanent,
];

/// The number of an entry; -1, which nothing reads back, for one that is missing in its table.
pub(super) fn number<T: PartialEq>(table: &[T], value: &T) -> i64 {
    table
        .iter()
        .position(|entry| entry == value)
        .and_then(|at| i64::try_from(at).ok())
        .unwrap_or(-1)
}

pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::corrupt(error.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    // The error's own words could quote content.
    serde_json::from_slice(text).map_err(|error| {
        Fault::corrupt(format!("JSON that cannot be read ({:?} error)", error.classify()))
    })
}

/// How many bytes a file of a copy takes.
const FILE: usize = 9;

/// The files of a copy; none if it has none.
pub(super) fn files_as_bytes(files: &[CopiedFile]) -> Option<Vec<u8>> {
    let one = |file: &CopiedFile| file.digest.to_be_bytes().into_iter().chain([file.came.into()]);
    (!files.is_empty()).then(|| files.iter().flat_map(one).collect())
}

fn file(bytes: &[u8; FILE]) -> CopiedFile {
    let [digest @ .., came] = *bytes;
    CopiedFile { digest: u64::from_be_bytes(digest), came: came != 0 }
}

/// The columns of `deliveries d` that make a [`Delivery`], with the names of its conversations.
macro_rules! delivery_columns {
    () => {
        "d.seq, d.id, d.message, s.connection, s.remote, l.connection, l.remote, d.kind, d.state, \
         d.reason, d.attempts, d.happened_at, d.created_at, d.settled_at, d.told"
    };
}
pub(super) use delivery_columns;

/// The beginning of a query for whole deliveries.
macro_rules! select_deliveries {
    () => {
        concat!(
            "SELECT ",
            $crate::sql::values::delivery_columns!(),
            " FROM deliveries d JOIN conversations s ON s.number = d.source
                  JOIN conversations l ON l.number = d.lane "
        )
    };
}
pub(super) use select_deliveries;

/// Takes a row's columns from left to right.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn next<T: FromSql>(&mut self) -> Result<T, Fault> {
        self.next += 1;
        Ok(self.row.get(self.next - 1)?)
    }

    fn raw(&mut self) -> Result<ValueRef<'r>, Fault> {
        self.next += 1;
        Ok(self.row.get_ref(self.next - 1)?)
    }

    pub(super) fn text(&mut self) -> Result<&'r str, Fault> {
        self.raw()?.as_str().map_err(|_| Fault::corrupt("something else in place of a text"))
    }

    pub(super) fn bytes(&mut self) -> Result<&'r [u8], Fault> {
        self.raw()?.as_blob().map_err(|_| Fault::corrupt("something else in place of bytes"))
    }

    pub(super) fn files(&mut self) -> Result<Vec<CopiedFile>, Fault> {
        let bytes = match self.raw()? {
            ValueRef::Null => &[],
            value => value.as_blob().unwrap_or_default(),
        };
        let (files, rest) = bytes.as_chunks::<FILE>();
        if !rest.is_empty() {
            return Err(Fault::corrupt("something else in place of a copy's files"));
        }
        Ok(files.iter().map(file).collect())
    }

    pub(super) fn uuid(&mut self) -> Result<Uuid, Fault> {
        id(self.bytes()?)
    }

    pub(super) fn maybe_uuid(&mut self) -> Result<Option<Uuid>, Fault> {
        match self.raw()? {
            ValueRef::Null => Ok(None),
            value => id(value.as_blob().unwrap_or_default()).map(Some),
        }
    }

    pub(super) fn message(&mut self) -> Result<MessageId, Fault> {
        Ok(MessageId::new(self.uuid()?))
    }

    pub(super) fn remote(&mut self) -> Result<RemoteId, Fault> {
        Ok(self.text()?.into())
    }

    pub(super) fn conversation(&mut self) -> Result<ConversationRef, Fault> {
        let connection = ConnectionId::new(self.uuid()?);
        Ok(ConversationRef { connection, conversation: self.remote()? })
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, Fault> {
        time(self.next()?)
    }

    pub(super) fn maybe_time(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.next::<Option<i64>>()?.map(time).transpose()
    }

    pub(super) fn flag(&mut self) -> Result<bool, Fault> {
        Ok(self.next::<i64>()? != 0)
    }

    pub(super) fn count(&mut self) -> Result<u64, Fault> {
        u64::try_from(self.next::<i64>()?).map_err(|_| Fault::corrupt("a count below 0"))
    }

    pub(super) fn part(&mut self) -> Result<PartKey, Fault> {
        let number = self.next()?;
        PartKey::from_i64(number).ok_or_else(|| Fault::corrupt(format!("part number {number}")))
    }

    pub(super) fn of_table<T: Copy>(&mut self, table: &[T]) -> Result<T, Fault> {
        let number = self.next::<i64>()?;
        let entry = usize::try_from(number).ok().and_then(|at| table.get(at));
        entry
            .copied()
            .ok_or_else(|| Fault::corrupt(format!("{number} for a {}", std::any::type_name::<T>())))
    }

    pub(super) fn emoji(&mut self) -> Result<Emoji, Fault> {
        let text = self.text()?;
        match (text.get(..1), text.get(1..)) {
            (Some("u"), Some(text)) => Ok(Emoji::Unicode(text.into())),
            (Some("c"), Some(name)) => Ok(Emoji::Custom(name.into())),
            _ => Err(Fault::corrupt("an emoji of no known kind")),
        }
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        from_json(self.text()?.as_bytes())
    }

    pub(super) fn delivery(&mut self) -> Result<Delivery, Fault> {
        Ok(Delivery {
            seq: self.next()?,
            id: DeliveryId::new(self.uuid()?),
            message: self.message()?,
            from: self.conversation()?,
            to: self.conversation()?,
            kind: self.of_table(&KINDS)?,
            state: self.of_table(&STATES)?,
            reason: self.next()?,
            attempts: u32::try_from(self.count()?).unwrap_or(u32::MAX),
            happened_at: self.time()?,
            created_at: self.time()?,
            settled_at: self.maybe_time()?,
            told: self.flag()?,
        })
    }
}

fn id(bytes: &[u8]) -> Result<Uuid, Fault> {
    Uuid::from_slice(bytes).map_err(|_| Fault::corrupt("an id that is not 16 bytes long"))
}

fn time(micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| Fault::corrupt(format!("time {micros} is out of range")))
}
