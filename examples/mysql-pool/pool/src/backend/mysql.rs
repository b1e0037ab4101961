//! MariaDB and MySQL.

use super::{Answer, Backend, Conn, address, sets, undecodable, unsupported};
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use sql_pool_protocol::{Fault, Value};
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlDatabaseError, MySqlQueryResult, MySqlRow,
    MySqlSslMode,
};
use sqlx::types::chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sqlx::{Arguments, AssertSqlSafe, Column, Executor, Row, Type, TypeInfo, ValueRef};
use std::time::Duration;

/// MariaDB and MySQL.
pub struct MySql;

impl Backend for MySql {
    type Db = sqlx::MySql;

    fn options(
        url: &str,
        authority: Option<&str>,
        _limit: Duration,
    ) -> Result<MySqlConnectOptions, String> {
        if sets(url, &["ssl-ca", "sslca", "ssl-cert", "ssl-key"]) {
            return Err(
                "DATABASE_URL names files of certificates: give the authority's PEM in DATABASE_CA"
                    .to_owned(),
            );
        }
        let mut options: MySqlConnectOptions = url
            .parse()
            .map_err(|_| "DATABASE_URL is no URL like mysql://user:password@host:3306/database")?;
        let address = address(options.get_host(), options.get_port())?;
        options = options.host(&address.to_string());
        if !sets(url, &["ssl-mode", "sslmode"]) {
            options = options.ssl_mode(match authority {
                Some(_) => MySqlSslMode::VerifyIdentity,
                None => MySqlSslMode::Required,
            });
        }
        Ok(match authority {
            Some(pem) => options.ssl_ca_from_pem(pem.as_bytes().to_vec()),
            None => options,
        })
    }

    fn ready(conn: &mut Conn<Self>, limit: Duration) -> BoxFuture<'_, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let mariadb = format!("SET SESSION max_statement_time = {}", limit.as_secs_f64());
            if conn
                .execute(sqlx::raw_sql(AssertSqlSafe(mariadb)))
                .await
                .is_err()
            {
                let mysql = format!("SET SESSION max_execution_time = {}", limit.as_millis());
                conn.execute(sqlx::raw_sql(AssertSqlSafe(mysql))).await?;
            }
            Ok(())
        })
    }

    /// sqlx does not send COM_RESET_CONNECTION, and no statement drops all temporary tables and variables.
    fn reset(_conn: &mut Conn<Self>) -> BoxFuture<'_, Result<bool, sqlx::Error>> {
        Box::pin(async { Ok(false) })
    }

    fn is_full(error: &sqlx::Error) -> bool {
        // Too many connections: of all, of this user, of this user in this hour.
        let database = error.as_database_error();
        let error = database.and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
        error.is_some_and(|error| matches!(error.number(), 1040 | 1203 | 1226))
    }

    fn run<'c>(
        conn: &'c mut Conn<Self>,
        sql: &'static str,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async move { conn.execute(sqlx::raw_sql(sql)).await.map(drop) })
    }

    fn stream(
        conn: &mut Conn<Self>,
        sql: String,
        params: Vec<Value>,
    ) -> Result<BoxStream<'_, Result<Answer<Self>, sqlx::Error>>, Fault> {
        let mut arguments = MySqlArguments::default();
        for param in params {
            let added = match param {
                Value::Null => arguments.add(None::<String>),
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

    fn columns(row: &MySqlRow) -> Vec<String> {
        let columns = row.columns().iter();
        columns.map(|column| column.name().to_owned()).collect()
    }

    fn value(row: &MySqlRow, index: usize) -> Result<Value, Fault> {
        let raw = row
            .try_get_raw(index)
            .map_err(|error| undecodable(&error))?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let kind = raw.type_info().name().to_owned();
        let value = match kind.as_str() {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
                row.try_get_unchecked::<i64, _>(index).map(Value::Int)
            }
            "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
            | "BIGINT UNSIGNED" | "YEAR" | "BIT" => row.try_get_unchecked(index).map(unsigned),
            "FLOAT" => row
                .try_get_unchecked::<f32, _>(index)
                .map(|value| Value::Float(value.into())),
            "DOUBLE" => row.try_get_unchecked(index).map(Value::Float),
            "DECIMAL" => row.try_get_unchecked(index).map(Value::Text),
            // Text and bytes have the same types on the wire; the collation tells them apart.
            "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM"
            | "SET" | "JSON" | "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB"
            | "LONGBLOB" => {
                if <String as Type<sqlx::MySql>>::compatible(&raw.type_info()) {
                    row.try_get_unchecked(index).map(Value::Text)
                } else {
                    row.try_get_unchecked(index).map(Value::Bytes)
                }
            }
            "DATE" => row
                .try_get_unchecked::<NaiveDate, _>(index)
                .map(|value| Value::Text(value.to_string())),
            "DATETIME" => row
                .try_get_unchecked::<NaiveDateTime, _>(index)
                .map(|value| Value::Text(value.to_string())),
            "TIMESTAMP" => row
                .try_get_unchecked::<DateTime<Utc>, _>(index)
                .map(|value| Value::Text(value.naive_utc().to_string())),
            _ => {
                let name = row.columns().get(index).map_or("", |column| column.name());
                return Err(unsupported(name, &kind));
            }
        };
        value.map_err(|error| undecodable(&error))
    }

    fn changed(result: &MySqlQueryResult) -> (u64, Option<i64>) {
        let id = result.last_insert_id();
        let id = (id != 0).then(|| i64::try_from(id).ok()).flatten();
        (result.rows_affected(), id)
    }
}

/// A number that is too large for a signed one goes as text.
fn unsigned(value: u64) -> Value {
    i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Int)
}
