/// A machine's clock since boot, which is slewed by up to a tenth.
struct BootClock {
    /// What it shows when real time is 0, in microseconds.
    let offset: Int64
    /// How much faster than real time it runs, in thousandths: -100 to 100.
    let slew: Int64

    /// Milliseconds, rounded down.
    /// - Parameter time: real, in microseconds.
    func now(_ time: Int64) -> Int64 { (offset + time + time * slew / 1_000) / 1_000 }
}
