import Logging
import ServiceLifecycle

/// Reads the key files at intervals, so that keys change without a restart, and a removed file's key is dropped.
struct KeyWatch: Service {
    let path: String
    let keys: KeyRing
    let logger: Logger
    /// Waits until the next reading; throws to stop. Another one is for tests.
    var pause: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(5)) }

    func run() async throws {
        let reader = KeyFileReader(path, keys, logger)
        keys.reread { await reader.read() }
        await cancelWhenGracefulShutdown {
            repeat { await reader.read() } while (try? await pause()) != nil
        }
    }
}

/// Reads the key files, one reading at a time.
private actor KeyFileReader {
    private let path: String
    private let keys: KeyRing
    private let logger: Logger
    /// The keys of the last reading, by file.
    private var held: [String: SigningKey] = [:]
    /// The last reading begun or waiting to begin.
    private var last: Task<Bool, Never>?
    /// A reading that waits for the last one to end. It will see the present contents.
    private var waiting: Task<Bool, Never>?

    init(_ path: String, _ keys: KeyRing, _ logger: Logger) {
        self.path = path
        self.keys = keys
        self.logger = logger
    }

    /// Returns after a reading that began after the call. Any number of callers share one waiting reading.
    /// - Returns: whether all files could be read.
    @discardableResult
    func read() async -> Bool {
        if let waiting { return await waiting.value }
        let before = last
        let reading = Task {
            _ = await before?.value
            waiting = nil
            return await look()
        }
        (last, waiting) = (reading, reading)
        return await reading.value
    }

    private func look() async -> Bool {
        do throws(NodeError) {
            let contents = try KeyFiles.read(path, held: held)
            let hasChanged = try await keys.replace(contents.keys.map(\.key))
            report(contents.problems.map(\.message))
            if hasChanged {
                logger.notice("the keys have changed", metadata: ["keys": "\(contents.keys.count)"])
            }
            held = Dictionary(uniqueKeysWithValues: contents.keys.map { ($0.file, $0.key) })
            return contents.problems.isEmpty
        } catch {
            report(["the keys stay as they were: \(error.message)"])
            return false
        }
    }

    private func report(_ problems: [String]) {
        guard keys.report(problems) else { return }
        for problem in problems {
            logger.error("something is wrong with the key files", metadata: ["reason": "\(problem)"])
        }
        if problems.isEmpty { logger.notice("all key files can be read again") }
    }
}
