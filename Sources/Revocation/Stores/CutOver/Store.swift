import Contract
import Logging

extension CutOver {
    /// The fields of `INFO`.
    typealias Information = [String: String]

    /// One of the two servers.
    struct Store {
        private let backend: RedisBackend
        private let name: String

        init(
            _ url: String, _ base: RevocationConfiguration, _ name: String, timeout: Duration, _ logger: Logger
        ) throws(RevocationError) {
            var configuration = base
            configuration.commandTimeout = timeout
            configuration.acceptsEveryPrefix = true
            try configuration.validate()
            guard case .server(let location, let access) = try StoreURL(url, configuration) else {
                throw RevocationError(.invalidURL, "\(name) is one server: redis://, rediss:// or redis+unix://")
            }
            backend = try RedisBackend(location, access, configuration: configuration, logger: logger)
            self.name = name
        }

        func close() async { await backend.close() }

        private func send(_ command: Command) async throws(RevocationError) -> Reply {
            do throws(StoreFailure) {
                let replies = try await backend.send([command]).unproven { $0 }
                guard let reply = replies.first else { throw StoreFailure.unexpectedReply }
                if case .error = reply { throw StoreFailure(unexpected: reply) }
                return reply
            } catch {
                let error = RevocationError(error)
                throw RevocationError(error.code, "\(name): \(error.message)", cause: error.cause)
            }
        }

        private var malformed: RevocationError {
            RevocationError(.malformedReply, "\(name): the reply does not fit the command")
        }

        func requireOK(_ command: Command) async throws(RevocationError) {
            guard try await send(command) == .ok else { throw malformed }
        }

        func value(of key: String) async throws(RevocationError) -> [UInt8]? {
            switch try await send(Command("GET", key)) {
            case .bulk(let value): return value
            case .null: return nil
            default: throw malformed
            }
        }

        private static let script = """
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
            redis.call('SET', KEYS[1], ARGV[2])
            return 1
            """

        /// Sets a key that holds this value to another, in one step.
        /// - Returns: false if it holds something else, and nothing was set.
        func replace(_ key: String, _ held: [UInt8], with value: [UInt8]) async throws(RevocationError) -> Bool {
            let texts = [held, value].map { String(decoding: $0, as: UTF8.self) }
            switch try await send(Command("EVAL", Self.script, "1", key, texts[0], texts[1])) {
            case .integer(1): return true
            case .integer(0): return false
            default: throw malformed
            }
        }

        func information() async throws(RevocationError) -> Information {
            guard case .bulk(let bytes) = try await send(Command("INFO")) else { throw malformed }
            var fields: Information = [:]
            for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
                guard let colon = line.firstIndex(of: ":") else { continue }
                fields[String(line[..<colon])] = String(line[colon...].dropFirst())
            }
            return fields
        }

        /// In microseconds since 1970.
        func time() async throws(RevocationError) -> Int64 {
            guard case .array(let parts) = try await send(Command("TIME")), parts.count == 2,
                case .bulk(let seconds) = parts[0], case .bulk(let micros) = parts[1],
                let seconds = Int64(String(decoding: seconds, as: UTF8.self)),
                let micros = Int64(String(decoding: micros, as: UTF8.self)), (0..<1 << 40).contains(seconds)
            else { throw malformed }
            return seconds * 1_000_000 + micros
        }
    }
}
