//! Waits twenty times for a hundredth of a second, as the daemon waits. Where rustix is wrong about
//! the time of a target it waits for ever; tests/boards/run builds it with the flag against that and
//! without.

fn main() {
    let wait = std::time::Duration::from_millis(10);
    for _ in 0..20 {
        async_io::block_on(async_io::Timer::after(wait));
    }
    println!("in time");
}
