import Synchronization

extension AppendLog {
    /// Under `everysec`, the interval of syncs.
    private static let syncInterval = Duration.seconds(1)

    /// Writes the appended records: what the thread `log` does in ``run(until:)``. A failure makes the log
    /// ``LogState/failed(_:)``.
    /// - Parameter synchronously: whether to make them durable; nil leaves it to the policy.
    func commit(synchronously: Bool? = nil) {
        writer.withLock { writer in
            guard writer.file != nil, writer.failure == nil else { return }
            // Read under the writer's lock: a policy change first waits for this commit, then makes everything durable.
            let isDue = synchronously ?? isSyncDue(writer)
            do throws(FileError) {
                try writer.write(from: self)
                if isDue {
                    offer(writer)
                    try writer.synchronize()
                }
                publish(&writer)
            } catch {
                fail(&writer, error)
            }
        }
    }

    /// - Parameter onWritten: called on any thread, with locks held, when ``streamEnd`` has advanced and the disk is
    ///   about to begin; nil to observe it no more.
    package func observeWrites(_ onWritten: (@Sendable () -> Void)?) { self.onWritten.withLock { $0 = onWritten } }

    /// Lets those who follow the log have what is in the file while the disk makes it durable.
    private func offer(_ writer: borrowing LogWriter) {
        guard writer.isPublished, let onWritten = onWritten.withLock({ $0 }) else { return }
        let written = writer.written
        if queue.withLock({ $0.offer(written: written) }) { onWritten() }
    }

    /// Makes everything appended so far durable, under every policy. Waits for the disk: do not call it from a thread
    /// that serves clients.
    func flush() throws(FileError) {
        try withWriter { writer throws(FileError) in
            try writer.write(from: self)
            try writer.synchronize()
            publish(&writer)
        }
    }

    /// Writes a seal that says that everything is on disk, if that is so.
    func seal(_ kind: SealLine.Kind = .seal) {
        writer.withLock { writer in
            guard let file = writer.file, writer.failure == nil, !file.isDirty, !file.isSealed || kind == .stop
            else { return }
            do throws(FileError) { try writer.file?.seal(kind) } catch { fail(&writer, error) }
        }
    }

    // MARK: Files

    /// Continues with a file that recovery read. The log is running then.
    /// - Parameter stream: where the records on disk stand in their stretches; nil for a new file.
    func begin(with file: LogFile, earlierSize: Int, baseSize: Int, stream: RecoveredStream? = nil) {
        writer.withLock { writer in
            writer.begin(with: file, isPublished: true)
            writer.earlierSize = earlierSize
            writer.baseSize = baseSize
            update { queue in
                if let stream { queue.begin(at: stream.end) }
                lastEnd.store(queue.end, ordering: .relaxed)
                queue.become(.running, keeping: true)
                writer.written = queue.end
                writer.synced = queue.end
                queue.advance(written: queue.end, durable: queue.end, size: writer.size)
            }
            if let stream {
                stretch.withLock { $0.begin(after: stream) }
            } else {
                beginStretch(with: file, at: writer.written)
            }
        }
    }

    /// Completes the file, and continues with another, which a durable manifest already names.
    func advance(to file: LogFile) throws(FileError) {
        try withWriter { writer throws(FileError) in
            try writer.write(from: self)
            try writer.complete()
            writer.earlierSize += writer.file?.file.size ?? 0
            writer.file = file
            stretch.withLock { $0.go(onIn: Self.segment(file, at: writer.written)) }
            publish(&writer)
        }
    }

    /// Writes later records to a file that no manifest names yet: none counts before ``publish(baseSize:)``.
    func prepare(_ file: LogFile) {
        writer.withLock { writer in
            writer.begin(with: file, isPublished: false)
            writer.earlierSize = 0
            update { queue in
                // The base will contain the table's present contents.
                queue.become(queue.state, keeping: false)
                queue.become(queue.state == .off ? .starting : queue.state, keeping: true)
                writer.written = queue.end
                writer.synced = queue.end
            }
            beginStretch(with: file, at: writer.written)
        }
    }

    private func beginStretch(with file: LogFile, at position: UInt64) {
        stretch.withLock { $0.begin(with: Self.segment(file, at: position)) }
    }

    private static func segment(_ file: LogFile, at position: UInt64) -> LogStretch.Segment {
        LogStretch.Segment(path: file.path, salt: file.salt, offset: file.file.size, position: position)
    }

    /// A durable manifest names the file, and a base of this size at this path.
    func publish(base: String, size baseSize: Int) {
        stretch.withLock { $0.replace(by: base) }
        writer.withLock { writer in
            writer.baseSize = baseSize
            writer.earlierSize = 0
            guard writer.file != nil else { return }
            if !writer.isPublished { update { $0.become(.running, keeping: true) } }
            writer.isPublished = true
            publish(&writer)
        }
    }

    /// Stops logging. Records that are not written yet are dropped.
    func stop() {
        writer.withLock { writer in
            writer.file = nil
            stretch.withLock { $0.end() }
            update { $0.become(.off, keeping: false) }
        }
    }

    /// Writes the records again that found no room, to the same file. The log is running when it returns.
    /// - Throws: why the log is still not running, or cannot be.
    func resume() throws(FileError) {
        try writer.withLock { writer throws(FileError) in
            guard writer.canResume else { throw writer.failure ?? .noLog }
            do throws(FileError) { try writer.resume(self) } catch {
                fail(&writer, error)
                throw error
            }
            update { $0.become(.running, keeping: true) }
            publish(&writer)
        }
        wake()
    }

    /// Why the log has failed; nil while a file takes its records. Waits for the disk.
    var failure: FileError? { writer.withLock { $0.failure } }

    /// The number of bytes that ``resume()`` would write; nil if the log cannot continue in its file.
    var bytesToResume: Int? {
        writer.withLock { writer in
            guard writer.canResume else { return nil }
            return writer.keptBytes + queue.withLock { $0.records.count } + SealLine.length
        }
    }

    /// Fails the log for a reason outside of its file, such as a manifest that cannot be written.
    func fail(_ error: FileError) { writer.withLock { fail(&$0, error) } }

    // MARK: Parts

    /// - Throws: also if there is no file to write to, because the log has failed.
    private func withWriter(_ body: (inout LogWriter) throws(FileError) -> Void) throws(FileError) {
        try writer.withLock { writer throws(FileError) in
            guard writer.file != nil, writer.failure == nil else { throw writer.failure ?? .noLog }
            do throws(FileError) { try body(&writer) } catch {
                fail(&writer, error)
                throw error
            }
        }
    }

    private func isSyncDue(_ writer: borrowing LogWriter) -> Bool {
        switch queue.withLock({ $0.policy }) {
        case .always: true
        case .everysec: writer.needsSync && ContinuousClock.now - writer.lastSync >= Self.syncInterval
        case .no: false
        }
    }

    private func publish(_ writer: inout LogWriter) {
        guard writer.isPublished else { return }
        let (written, synced, size) = (writer.written, writer.synced, writer.size)
        update { $0.advance(written: written, durable: synced, size: size) }
    }

    /// From now on, only durable records are acknowledged. Records are kept only if their file can still take them.
    private func fail(_ writer: inout LogWriter, _ error: FileError) {
        let canResume = writer.fail(error)
        let hasRun = update { queue in
            let state = queue.state
            // A denylist that was in memory only stays so.
            let next = state == .starting ? LogState.off : .failed(error.reason)
            queue.become(next, keeping: canResume)
            return state == .running
        }
        if hasRun { notify(.error("the log has failed, and writes are refused: \(error)")) }
    }
}
