//! Databases, caches and queues: they listen, and some of them insist on a password.
//!
//! Differs: mysql starts without a password option too, as if MYSQL_RANDOM_ROOT_PASSWORD were set.

use super::{Image, Service, Userland};
use crate::sim::Duration;

const SLOW: Duration = Duration::from_millis(600);

static REDIS_PROGRAM: Service = Service {
    ports: &[6379],
    hello: &[
        "1:C * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
        "1:M * Running mode=standalone, port=6379.",
        "1:M * Ready to accept connections tcp",
    ],
    ..Service::new("redis-server")
};
pub(super) static REDIS: Image = Image {
    entrypoint: &["docker-entrypoint.sh"],
    command: &["redis-server"],
    programs: &[&REDIS_PROGRAM],
    workdir: "/data",
    tags: &["7", "8"],
    ..Image::new("docker.io/library/redis", 52_000_000)
};

static MYSQLD: Service = Service {
    ports: &[3306, 33060],
    hello: &[
        "[Server] /usr/sbin/mysqld: ready for connections. Version: '8.0'  port: 3306  MySQL Community Server - GPL.",
    ],
    stops_in: SLOW,
    ..Service::new("mysqld")
};
pub(super) static MYSQL: Image = Image {
    entrypoint: &["docker-entrypoint.sh"],
    command: &["mysqld"],
    programs: &[&MYSQLD],
    ..Image::new("docker.io/library/mysql", 233_000_000)
};

static MARIADBD: Service = Service {
    ports: &[3306],
    hello: &["[Note] mariadbd: ready for connections."],
    stops_in: SLOW,
    needs: &[
        "MARIADB_ROOT_PASSWORD",
        "MYSQL_ROOT_PASSWORD",
        "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
        "MARIADB_RANDOM_ROOT_PASSWORD",
    ],
    needs_text: "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n",
    ..Service::new("mariadbd")
};
pub(super) static MARIADB: Image = Image {
    entrypoint: &["docker-entrypoint.sh"],
    command: &["mariadbd"],
    programs: &[&MARIADBD],
    ..Image::new("docker.io/library/mariadb", 110_000_000)
};

static POSTGRES_PROGRAM: Service = Service {
    ports: &[5432],
    hello: &["LOG:  database system is ready to accept connections"],
    stops_in: SLOW,
    needs: &["POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD", "POSTGRES_PASSWORD_FILE"],
    needs_text: "Error: Database is uninitialized and superuser password is not specified.\n       You must specify POSTGRES_PASSWORD to a non-empty value for the\n       superuser. For example, \"-e POSTGRES_PASSWORD=password\" on \"docker run\".\n",
    ..Service::new("postgres")
};
pub(super) static POSTGRES: Image = Image {
    entrypoint: &["docker-entrypoint.sh"],
    command: &["postgres"],
    programs: &[&POSTGRES_PROGRAM],
    ..Image::new("docker.io/library/postgres", 160_000_000)
};

static MONGOD: Service =
    Service { ports: &[27017], stops_in: SLOW, hello: &["Waiting for connections"], ..Service::new("mongod") };
pub(super) static MONGO: Image = Image {
    entrypoint: &["docker-entrypoint.sh"],
    command: &["mongod"],
    programs: &[&MONGOD],
    ..Image::new("docker.io/library/mongo", 290_000_000)
};

static MEMCACHED_PROGRAM: Service = Service { ports: &[11211], ..Service::new("memcached") };
pub(super) static MEMCACHED: Image = Image {
    entrypoint: &["docker-entrypoint.sh"],
    command: &["memcached"],
    programs: &[&MEMCACHED_PROGRAM],
    userland: Userland::Gnu,
    user: 11_211,
    ..Image::new("docker.io/library/memcached", 32_000_000)
};

static RABBIT: Service = Service {
    ports: &[5672, 15672],
    stops_in: SLOW,
    hello: &["Server startup complete"],
    ..Service::new("rabbitmq-server")
};
pub(super) static RABBITMQ: Image = Image {
    entrypoint: &["docker-entrypoint.sh"],
    command: &["rabbitmq-server"],
    programs: &[&RABBIT],
    tags: &["management", "management-alpine"],
    ..Image::new("docker.io/library/rabbitmq", 95_000_000)
};
