extension Persistence {
    /// Asks for the checkpoint that is due to be written. Never waits for the disk; called many times a minute.
    /// - Returns: false if clocks are not kept: no later process continues this denylist.
    package func keepClock() -> Bool {
        guard let clockFile, clockFile.isKept else { return false }
        clockFile.ring()
        return true
    }

    /// Writes the checkpoint that is due, if any, and waits for the disk.
    package func keepClockNow() throws(PersistenceError) {
        if let failure = clockFile?.keepDue() { throw PersistenceError(failure) }
    }
}
