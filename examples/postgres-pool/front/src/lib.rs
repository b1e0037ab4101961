//! The HTTP component of this workload: accounts that lie in PostgreSQL. It has no connection to the database and no
//! password; what it wants it asks of the pool.

use sql_pool_app::Dialect;
use wstd::http::{Body, Error, Request, Response};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    sql_pool_app::handle(&request, Dialect::Postgres)
}
