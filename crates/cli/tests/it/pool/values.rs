//! What goes into a database through the pool comes out of it as it was.

use sql_pool_protocol::Value;
use weft_testkit::database::Kind;

use super::client::Client;
use super::service::with_shared;

fn text(value: &str) -> Value {
    Value::from(value)
}

#[test]
fn values_of_mariadb_come_back_as_they_went() {
    let (_database, service) = with_shared(Kind::MariaDb, &[]);
    let mut client = service.client();
    client.execute(
        "CREATE TABLE kinds (i BIGINT, small TINYINT, f DOUBLE, t TEXT, y BLOB, d DATE, at DATETIME(3), \
         price DECIMAL(10,2), big BIGINT UNSIGNED, flag BOOLEAN)",
        &[],
    );
    let row = [
        Value::Int(i64::MIN),
        Value::Int(-7),
        Value::Float(0.1),
        text("snow ☃ '; DROP TABLE kinds; --"),
        Value::Bytes(vec![0, 255, 39]),
        text("2024-02-29"),
        text("2024-02-29 23:59:58.125"),
        text("12.50"),
        text("18446744073709551615"),
        Value::Bool(true),
    ];
    let insert = "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    assert_eq!(client.execute(insert, &row).0, 1);
    let mut expected = row.to_vec();
    expected[9] = Value::Int(1); // its truth values are numbers
    assert_eq!(client.query("SELECT * FROM kinds", &[]), [expected]);
    let nulls = vec![Value::Null; 10];
    client.execute(insert, &nulls);
    assert_eq!(
        client.query("SELECT * FROM kinds WHERE i IS NULL", &[]),
        [nulls]
    );
    client.execute(
        "CREATE TABLE keyed (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT)",
        &[],
    );
    let inserted = client.execute("INSERT INTO keyed (n) VALUES (?)", &[Value::Int(5)]);
    assert_eq!(inserted, (1, Some(1)));
}

#[test]
fn values_of_postgresql_come_back_as_they_went() {
    let (_database, service) = with_shared(Kind::PostgreSql, &[]);
    let mut client = service.client();
    client.execute(
        "CREATE TABLE kinds (i INT8, small INT2, f FLOAT8, t TEXT, y BYTEA, d DATE, at TIMESTAMP, \
         price NUMERIC(10,2), u UUID, flag BOOL)",
        &[],
    );
    let row = [
        Value::Int(i64::MIN),
        Value::Int(-7),
        Value::Float(0.1),
        text("snow ☃ '; DROP TABLE kinds; --"),
        Value::Bytes(vec![0, 255, 39]),
        text("2024-02-29"),
        text("2024-02-29 23:59:58.125"),
        text("12.50"),
        text("6f8d3a0e-50c3-4cb5-8f0e-6d4c8b6a2f11"),
        Value::Bool(true),
    ];
    let insert = "INSERT INTO kinds VALUES ($1, $2, $3, $4, $5, $6::date, $7::timestamp, $8::numeric, $9::uuid, $10)";
    // NULL first: a prepared statement must not keep the types of the values that it was prepared with.
    let nulls = vec![Value::Null; 10];
    client.execute(insert, &nulls);
    assert_eq!(client.execute(insert, &row).0, 1);
    client.execute(insert, &nulls);
    assert_eq!(
        client.query("SELECT * FROM kinds WHERE i IS NOT NULL", &[]),
        [row.to_vec()]
    );
    assert_eq!(
        client.query("SELECT * FROM kinds WHERE i IS NULL", &[]),
        [nulls.clone(), nulls]
    );
    let fault = client.try_query("SELECT ARRAY[1]", &[]).unwrap_err();
    assert_eq!(fault.code, "0A000");
    assert!(fault.message.contains("cast it to text"), "{fault:?}");
}

/// More rows than one frame holds.
fn many_rows(kind: Kind, sql: &str, client: &mut Client) {
    let (columns, rows) = client.try_query(sql, &[]).unwrap();
    assert_eq!(columns, ["n", "filling"], "{kind:?}");
    assert_eq!(rows.len(), 20_000);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row[0].as_int(), Some(number as i64 + 1));
        assert_eq!(row[1].as_text().unwrap().len(), 100);
    }
}

#[test]
fn an_answer_may_be_longer_than_a_frame() {
    let (_database, service) = with_shared(Kind::MariaDb, &[]);
    let sql = "SELECT seq AS n, REPEAT('x', 100) AS filling FROM seq_1_to_20000";
    many_rows(Kind::MariaDb, sql, &mut service.client());
    let (_database, service) = with_shared(Kind::PostgreSql, &[]);
    let sql = "SELECT n, REPEAT('x', 100) AS filling FROM generate_series(1, 20000) AS n";
    many_rows(Kind::PostgreSql, sql, &mut service.client());
}

#[test]
fn a_row_that_is_longer_than_a_frame_is_an_error_and_the_connection_goes_on() {
    let (_database, service) = with_shared(Kind::PostgreSql, &[]);
    let mut client = service.client();
    let fault = client.try_query("SELECT REPEAT('x', 2000000)", &[]);
    assert_eq!(fault.unwrap_err().code, "54000");
    assert_eq!(client.value("SELECT 1::int8", &[]), Value::Int(1));
}
