//! How values look in the database.

use jiff::Timestamp;
use rialto_model::{
    AttemptOutcome, ConnectionId, ConversationRef, Delivery, DeliveryId, DeliveryState, Emoji,
    MessageId, PartKey, RemoteId, WorkKind,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Decode, Row, Sqlite, Type, sqlite::SqliteRow};
use uuid::Uuid;

use super::Fault;

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
    row: &'r SqliteRow,
    next: usize,
}

impl<'r> Columns<'r> {
    pub(super) fn of(row: &'r SqliteRow) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn next<T: Decode<'r, Sqlite> + Type<Sqlite>>(&mut self) -> Result<T, Fault> {
        self.next += 1;
        Ok(self.row.try_get(self.next - 1)?)
    }

    pub(super) fn uuid(&mut self) -> Result<Uuid, Fault> {
        let bytes = self.next::<&[u8]>()?;
        Uuid::from_slice(bytes).map_err(|_| Fault::corrupt("an id that is not 16 bytes long"))
    }

    pub(super) fn maybe_uuid(&mut self) -> Result<Option<Uuid>, Fault> {
        let bytes = self.next::<Option<&[u8]>>()?;
        let uuid = bytes.map(Uuid::from_slice).transpose();
        uuid.map_err(|_| Fault::corrupt("an id that is not 16 bytes long"))
    }

    pub(super) fn message(&mut self) -> Result<MessageId, Fault> {
        Ok(MessageId::new(self.uuid()?))
    }

    pub(super) fn remote(&mut self) -> Result<RemoteId, Fault> {
        Ok(self.next::<&str>()?.into())
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
        let text = self.next::<&str>()?;
        match (text.get(..1), text.get(1..)) {
            (Some("u"), Some(text)) => Ok(Emoji::Unicode(text.into())),
            (Some("c"), Some(name)) => Ok(Emoji::Custom(name.into())),
            _ => Err(Fault::corrupt("an emoji of no known kind")),
        }
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        from_json(self.next::<&str>()?.as_bytes())
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

fn time(micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| Fault::corrupt(format!("time {micros} is out of range")))
}
