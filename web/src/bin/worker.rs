//! The worker's program.

fn main() {
    kubarium_web::engine::start();
}
