//! PostgreSQL.

use super::{Answer, Backend, Conn, address, sets, undecodable, unsupported};
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use sql_pool_protocol::{Fault, Value};
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnectOptions, PgQueryResult, PgRow, PgSslMode, PgTypeInfo,
    PgValueRef,
};
use sqlx::types::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sqlx::types::{BigDecimal, Uuid};
use sqlx::{Arguments, AssertSqlSafe, Column, Executor, Row, Type, TypeInfo, ValueRef};
use std::time::Duration;

/// PostgreSQL.
pub struct Postgres;

/// What DISCARD ALL does, but for DEALLOCATE ALL: prepared statements stay, as sqlx knows them by name.
const RESET: &str = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
                     SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

impl Backend for Postgres {
    type Db = sqlx::Postgres;

    fn options(
        url: &str,
        authority: Option<&str>,
        limit: Duration,
    ) -> Result<PgConnectOptions, String> {
        if sets(
            url,
            &[
                "sslrootcert",
                "ssl-root-cert",
                "ssl-ca",
                "sslcert",
                "sslkey",
            ],
        ) {
            return Err(
                "DATABASE_URL names files of certificates: give the authority's PEM in DATABASE_CA"
                    .to_owned(),
            );
        }
        let mut options: PgConnectOptions = url.parse().map_err(
            |_| "DATABASE_URL is no URL like postgres://user:password@host:5432/database",
        )?;
        let address = address(options.get_host(), options.get_port())?;
        options = options
            .host(&address.to_string())
            .application_name("weft pool")
            .options([("statement_timeout", limit.as_millis().to_string())]);
        if !sets(url, &["sslmode", "ssl-mode"]) {
            options = options.ssl_mode(match authority {
                Some(_) => PgSslMode::VerifyFull,
                None => PgSslMode::Require,
            });
        }
        Ok(match authority {
            Some(pem) => options.ssl_root_cert_from_pem(pem.as_bytes().to_vec()),
            None => options,
        })
    }

    /// The limit is part of how the connection began, so that a reset does not take it away.
    fn ready(_conn: &mut Conn<Self>, _limit: Duration) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async { Ok(()) })
    }

    fn reset(conn: &mut Conn<Self>) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
        Box::pin(async move {
            conn.execute(sqlx::raw_sql(RESET)).await?;
            Ok(true)
        })
    }

    fn is_full(error: &sqlx::Error) -> bool {
        let code = error.as_database_error().and_then(|error| error.code());
        code.is_some_and(|code| code == "53300")
    }

    fn run<'c>(
        conn: &'c mut Conn<Self>,
        sql: &'static str,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async move { conn.execute(sqlx::raw_sql(sql)).await.map(drop) })
    }

    fn stream(
        conn: &mut Conn<Self>,
        mut sql: String,
        params: Vec<Value>,
    ) -> Result<BoxStream<'_, Result<Answer<Self>, sqlx::Error>>, Fault> {
        sql.push_str(&signature(&params));
        let mut arguments = PgArguments::default();
        for param in params {
            let added = match param {
                Value::Null => arguments.add(Untyped),
                Value::Bool(value) => arguments.add(value),
                Value::Int(value) => arguments.add(value),
                Value::Float(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
            };
            added.map_err(|error| undecodable(&sqlx::Error::Encode(error)))?;
        }
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
        Ok(conn.fetch_many(query).boxed())
    }

    fn columns(row: &PgRow) -> Vec<String> {
        let columns = row.columns().iter();
        columns.map(|column| column.name().to_owned()).collect()
    }

    fn value(row: &PgRow, index: usize) -> Result<Value, Fault> {
        let raw = row
            .try_get_raw(index)
            .map_err(|error| undecodable(&error))?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let kind = raw.type_info().name().to_owned();
        let value = match kind.as_str() {
            "BOOL" => row.try_get(index).map(Value::Bool),
            "INT2" => row
                .try_get::<i16, _>(index)
                .map(|value| Value::Int(value.into())),
            "INT4" => row
                .try_get::<i32, _>(index)
                .map(|value| Value::Int(value.into())),
            "INT8" => row.try_get(index).map(Value::Int),
            "OID" => row
                .try_get::<Oid, _>(index)
                .map(|value| Value::Int(value.0.into())),
            "FLOAT4" => row
                .try_get::<f32, _>(index)
                .map(|value| Value::Float(value.into())),
            "FLOAT8" => row.try_get(index).map(Value::Float),
            "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" | "JSON" => {
                row.try_get_unchecked(index).map(Value::Text)
            }
            "BYTEA" => row.try_get(index).map(Value::Bytes),
            "NUMERIC" => {
                let scale = scale(&raw);
                let value = row.try_get::<BigDecimal, _>(index);
                value.map(|value| Value::Text(scaled(&value, scale)))
            }
            "UUID" => text::<Uuid>(row, index),
            "DATE" => text::<NaiveDate>(row, index),
            "TIME" => text::<NaiveTime>(row, index),
            "TIMESTAMP" => text::<NaiveDateTime>(row, index),
            "TIMESTAMPTZ" => row
                .try_get::<DateTime<Utc>, _>(index)
                .map(|value| Value::Text(format!("{}+00", value.naive_utc()))),
            _ => {
                let name = row.columns().get(index).map_or("", |column| column.name());
                return Err(unsupported(name, &kind));
            }
        };
        value.map_err(|error| undecodable(&error))
    }

    fn changed(result: &PgQueryResult) -> (u64, Option<i64>) {
        (result.rows_affected(), None)
    }
}

fn text<'r, T>(row: &'r PgRow, index: usize) -> Result<Value, sqlx::Error>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres> + ToString,
{
    row.try_get::<T, _>(index)
        .map(|value| Value::Text(value.to_string()))
}

/// How many digits a NUMERIC has behind the point: the fourth number of its binary form, which sqlx leaves out.
fn scale(raw: &PgValueRef<'_>) -> Option<i64> {
    let bytes = raw.as_bytes().ok()?.get(6..8)?;
    Some(i16::from_be_bytes(bytes.try_into().ok()?).into())
}

fn scaled(value: &BigDecimal, scale: Option<i64>) -> String {
    match scale {
        Some(scale) => value.with_scale(scale).to_plain_string(),
        None => value.to_plain_string(),
    }
}

/// A comment with the parameters' types. A prepared statement has types of its own, and sqlx finds it by its text: the
/// same text with other types has to be another statement.
fn signature(params: &[Value]) -> String {
    let letters = params.iter().map(|param| match param {
        Value::Null => 'n',
        Value::Bool(_) => 'b',
        Value::Int(_) => 'i',
        Value::Float(_) => 'f',
        Value::Text(_) => 't',
        Value::Bytes(_) => 'y',
    });
    format!("\n/*{}*/", letters.collect::<String>())
}

/// NULL, of whatever type the statement needs in its place.
struct Untyped;

impl Type<sqlx::Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(705)) // `unknown`
    }
}

impl Encode<'_, sqlx::Postgres> for Untyped {
    fn encode_by_ref(&self, _buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}
