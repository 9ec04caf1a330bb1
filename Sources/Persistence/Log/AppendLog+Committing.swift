import Synchronization

extension AppendLog {
    /// Under `everysec`, what is written is made durable this often.
    private static let syncInterval = Duration.seconds(1)

    /// Writes what was appended; one thread at a time does. A failure makes the log ``LogState/failed(_:)``.
    /// - Parameter synchronously: whether to make it durable; nil leaves it to the policy.
    func commit(synchronously: Bool? = nil) {
        writer.withLock { writer in
            guard writer.file != nil, writer.failure == nil else { return }
            // Asked for here: who changes the policy makes everything durable after that, which waits for this.
            let isDue = synchronously ?? isSyncDue(writer)
            do throws(FileError) {
                try writer.write(from: self)
                if isDue { try writer.synchronize() }
                publish(&writer)
            } catch {
                fail(&writer, error)
            }
        }
    }

    /// Makes everything up to now durable, under every policy.
    func flush() throws(FileError) {
        try withWriter { writer throws(FileError) in
            try writer.write(from: self)
            try writer.synchronize()
            publish(&writer)
        }
    }

    /// Writes the line that says that everything is on disk, if everything is.
    func seal(_ kind: SealLine.Kind = .seal) {
        writer.withLock { writer in
            guard let file = writer.file, writer.failure == nil, !file.isDirty, !file.isSealed || kind == .stop
            else { return }
            do throws(FileError) { try writer.file?.seal(kind) } catch { fail(&writer, error) }
        }
    }

    // MARK: Files

    /// Goes on with a file that recovery read: the log is running.
    func begin(with file: LogFile, earlierSize: Int, baseSize: Int) {
        writer.withLock { writer in
            writer.begin(with: file, isPublished: true)
            writer.earlierSize = earlierSize
            writer.baseSize = baseSize
            update { queue in
                queue.become(.running, keeping: true)
                writer.written = queue.end
                writer.synced = queue.end
                queue.advance(written: queue.end, durable: queue.end, size: writer.size)
            }
        }
    }

    /// Completes the file and goes on with another, which a durable manifest names already.
    func advance(to file: LogFile) throws(FileError) {
        try withWriter { writer throws(FileError) in
            try writer.write(from: self)
            try writer.complete()
            writer.earlierSize += writer.file?.file.size ?? 0
            writer.file = file
            publish(&writer)
        }
    }

    /// Keeps records from here on in a file that no manifest names yet: nothing counts before ``publish(baseSize:)``.
    func prepare(_ file: LogFile) {
        writer.withLock { writer in
            writer.begin(with: file, isPublished: false)
            writer.earlierSize = 0
            update { queue in
                // Whatever the table holds by now will be in the base.
                queue.become(queue.state, keeping: false)
                queue.become(queue.state == .off ? .starting : queue.state, keeping: true)
                writer.written = queue.end
                writer.synced = queue.end
            }
        }
    }

    /// A manifest that names the file, and a base of this size, is durable.
    func publish(baseSize: Int) {
        writer.withLock { writer in
            writer.baseSize = baseSize
            writer.earlierSize = 0
            guard writer.file != nil else { return }
            if !writer.isPublished { update { $0.become(.running, keeping: true) } }
            writer.isPublished = true
            publish(&writer)
        }
    }

    /// Stops logging. What is not written yet is dropped.
    func stop() {
        writer.withLock { writer in
            writer.file = nil
            update { $0.become(.off, keeping: false) }
        }
    }

    /// Writes again what there was no room for, in the same file: the log is running when it returns.
    /// - Throws: why it is still not, or cannot be.
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

    /// How many bytes ``resume()`` would write; nil if the log cannot go on in its file.
    var bytesToResume: Int? {
        writer.withLock { writer in
            guard writer.canResume else { return nil }
            return writer.keptBytes + queue.withLock { $0.records.count } + SealLine.length
        }
    }

    /// The log fails for a reason outside its own file, such as a manifest that cannot be written.
    func fail(_ error: FileError) { writer.withLock { fail(&$0, error) } }

    // MARK: Parts

    /// - Throws: also if there is no file to write to, because the log has failed before.
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

    /// Nothing is acknowledged any more that is not on disk. Records are kept only if they can still be written where
    /// they belong.
    private func fail(_ writer: inout LogWriter, _ error: FileError) {
        let canResume = writer.fail(error)
        update { queue in
            // What was memory only stays so.
            let next = queue.state == .starting ? LogState.off : .failed(error.reason)
            queue.become(next, keeping: canResume)
        }
    }
}
