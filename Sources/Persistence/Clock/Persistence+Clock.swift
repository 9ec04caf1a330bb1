extension Persistence {
    /// Has the checkpoint that is due written soon. Never waits for the disk; called many times a minute.
    /// - Returns: false if nothing is kept of the clocks: nobody goes on with this denylist.
    package func keepClock() -> Bool {
        guard let clockFile, clockFile.isKept else { return false }
        clockFile.ring()
        return true
    }

    /// Writes the checkpoint that is due, if one is, and waits for the disk.
    package func keepClockNow() throws(PersistenceError) {
        if let failure = clockFile?.keepDue() { throw PersistenceError(failure) }
    }
}
