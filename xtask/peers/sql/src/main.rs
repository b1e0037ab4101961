//! The accounts of `examples/mysql-pool` as a native program, to compare with: `sql-peer ADDR pool SIZE` shares
//! connections among requests, `sql-peer ADDR each` makes one for each request. `DATABASE_URL` and `DATABASE_CA` are
//! those of the example.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::get;
use serde_json::{Value, json};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::{ConnectOptions, Connection, MySqlPool, Row};
use std::error::Error;

#[derive(Clone)]
enum Way {
    Pool(MySqlPool),
    Each(MySqlConnectOptions),
}

const SQL: &str = "SELECT id, name, balance FROM account WHERE id = ?";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let addr = args.next().ok_or("the first argument is where to listen")?;
    let mut options: MySqlConnectOptions = std::env::var("DATABASE_URL")?.parse()?;
    if let Ok(pem) = std::env::var("DATABASE_CA") {
        options = options
            .ssl_mode(MySqlSslMode::VerifyIdentity)
            .ssl_ca_from_pem(pem.into_bytes());
    }
    let way = match args.next().as_deref() {
        Some("pool") => {
            let size = args.next().ok_or("the pool has a size")?.parse()?;
            let pool = MySqlPoolOptions::new()
                .max_connections(size)
                .test_before_acquire(false);
            Way::Pool(pool.connect_with(options).await?)
        }
        _ => Way::Each(options),
    };
    let app = Router::new()
        .route("/accounts/{id}", get(account))
        .with_state(way);
    let listener = tokio::net::TcpListener::bind(addr).await?;
    println!("listening");
    Ok(axum::serve(listener, app).await?)
}

async fn account(
    State(way): State<Way>,
    Path(id): Path<i64>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let row = match way {
        Way::Pool(pool) => sqlx::query(SQL).bind(id).fetch_one(&pool).await,
        Way::Each(options) => once(&options, id).await,
    };
    let row = row.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok(Json(json!({
        "id": row.get::<i64, _>(0),
        "name": row.get::<String, _>(1),
        "balance": row.get::<i64, _>(2),
    })))
}

async fn once(
    options: &MySqlConnectOptions,
    id: i64,
) -> Result<sqlx::mysql::MySqlRow, sqlx::Error> {
    let mut connection = options.connect().await?;
    let row = sqlx::query(SQL).bind(id).fetch_one(&mut connection).await;
    connection.close().await?;
    row
}
