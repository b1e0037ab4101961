//! Accounts: the statements, and what is made of their rows.

use crate::Dialect;
use crate::client::{Connection, Failed};
use serde_json::{Value as Json, json};
use sql_pool_protocol::Value;

/// All accounts, the first hundred of them.
pub(crate) fn list(dialect: Dialect) -> Result<Json, Failed> {
    let sql = "SELECT id, name, balance FROM account ORDER BY id LIMIT 100";
    let rows = with_table(dialect, |pool| pool.query(dialect.sql(sql), Vec::new()));
    Ok(rows?.iter().map(|row| account(row)).collect())
}

/// One account.
pub(crate) fn one(dialect: Dialect, id: &str) -> Result<Json, Failed> {
    let id = number("id", id)?;
    let sql = "SELECT id, name, balance FROM account WHERE id = ?";
    let rows = with_table(dialect, |pool| {
        pool.query(dialect.sql(sql), vec![id.into()])
    });
    let rows = rows?;
    rows.first().map(|row| account(row)).ok_or(Failed::NotThere)
}

/// Adds an account.
pub(crate) fn add(dialect: Dialect, name: &str, balance: &str) -> Result<Json, Failed> {
    let balance = number("balance", balance)?;
    let values = || vec![Value::from(name), Value::from(balance)];
    let id = with_table(dialect, |pool| match dialect {
        Dialect::MySql => {
            let sql = "INSERT INTO account (name, balance) VALUES (?, ?)".to_owned();
            Ok(pool.execute(sql, values())?.1)
        }
        Dialect::Postgres => {
            let sql = "INSERT INTO account (name, balance) VALUES ($1, $2) RETURNING id".to_owned();
            let rows = pool.query(sql, values())?;
            Ok(rows.first().and_then(|row| row.first()?.as_int()))
        }
    });
    Ok(json!({ "id": id?, "name": name, "balance": balance }))
}

/// Moves money. Either both balances change or none; accounts are locked in the order of their numbers, so that two
/// transfers do not wait for each other.
pub(crate) fn transfer(dialect: Dialect, [from, to, amount]: &[String; 3]) -> Result<Json, Failed> {
    let (from, to) = (number("from", from)?, number("to", to)?);
    let amount = number("amount", amount)?;
    if amount <= 0 || from == to {
        let words = "an amount above 0 goes from one account to another";
        return Err(Failed::Request(words.to_owned()));
    }
    let mut pool = Connection::open()?;
    pool.begin()?;
    let mut steps = [(from, -amount), (to, amount)];
    steps.sort_unstable();
    for (id, change) in steps {
        let sql = "UPDATE account SET balance = balance + ? WHERE id = ?";
        let values = vec![change.into(), id.into()];
        let (changed, _) = pool.execute(dialect.sql(sql), values)?;
        if changed == 0 {
            return Err(Failed::NotThere); // the pool rolls back when the connection is dropped
        }
    }
    pool.commit()?;
    Ok(json!({ "from": from, "to": to, "amount": amount }))
}

/// Makes the table if a statement finds that it is not there.
fn with_table<T>(
    dialect: Dialect,
    ask: impl Fn(&mut Connection) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let mut pool = Connection::open()?;
    match ask(&mut pool) {
        Err(Failed::Database(fault)) if dialect.lacks_table(&fault.code) => {
            pool.execute(dialect.create().to_owned(), Vec::new())?;
            ask(&mut pool)
        }
        other => other,
    }
}

fn account(row: &[Value]) -> Json {
    let [id, name, balance] = row else {
        return Json::Null;
    };
    json!({ "id": id.as_int(), "name": name.as_text(), "balance": balance.as_int() })
}

fn number(name: &str, text: &str) -> Result<i64, Failed> {
    let number = text.parse();
    number.map_err(|_| Failed::Request(format!("`{name}` takes a whole number")))
}
