//! Where the two languages of SQL differ in this application.

/// Which database is behind the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// MariaDB or MySQL.
    MySql,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A statement with `?` for each value, in the words of this database.
    pub(crate) fn sql(self, text: &str) -> String {
        if self == Self::MySql {
            return text.to_owned();
        }
        let mut sql = String::new();
        for (number, part) in text.split('?').enumerate() {
            if number > 0 {
                sql.push_str(&format!("${number}"));
            }
            sql.push_str(part);
        }
        sql
    }

    /// The statement that makes the table.
    pub(crate) fn create(self) -> &'static str {
        match self {
            Self::MySql => {
                "CREATE TABLE IF NOT EXISTS account (id BIGINT AUTO_INCREMENT PRIMARY KEY, \
                 name VARCHAR(100) NOT NULL, balance BIGINT NOT NULL CHECK (balance >= 0)) CHARACTER SET utf8mb4"
            }
            Self::Postgres => {
                "CREATE TABLE IF NOT EXISTS account (id BIGSERIAL PRIMARY KEY, \
                 name VARCHAR(100) NOT NULL, balance BIGINT NOT NULL CHECK (balance >= 0))"
            }
        }
    }

    /// Whether an error says that the table is not there.
    pub(crate) fn lacks_table(self, code: &str) -> bool {
        code == match self {
            Self::MySql => "42S02",
            Self::Postgres => "42P01",
        }
    }
}
