/// The answer of one sentinel about the primary of a name (Redis Sentinel documentation, "Sentinel API").
enum SentinelWord: Sendable, Equatable {
    /// This server, which has been the primary for this long.
    case primary(StoreURL.Location, age: Duration)
    /// The sentinel cannot reach the primary, and may promote another server.
    case down
    case unknownName
    /// The sentinel cannot reach enough of the others, which may have promoted another server.
    case tooFew
    /// No answer, or one that does not fit.
    case silent

    enum Meaning: String, CaseIterable {
        case primary = "name one"
        case down = "cannot reach it"
        case unknownName = "do not know the name"
        case tooFew = "cannot reach the other sentinels"
        case silent = "do not answer"
    }

    var meaning: Meaning {
        switch self {
        case .primary: .primary
        case .down: .down
        case .unknownName: .unknownName
        case .tooFew: .tooFew
        case .silent: .silent
        }
    }

    static func commands(_ name: String) -> [Command] {
        [
            Command("SENTINEL", "get-master-addr-by-name", name), Command("SENTINEL", "master", name),
            Command("SENTINEL", "ckquorum", name),
        ]
    }

    /// - Parameter replies: to ``commands(_:)``.
    init(_ replies: [Reply]) {
        guard replies.count == 3, case .array(let address) = replies[0], let location = Self.location(address) else {
            self = replies.first == .null ? .unknownName : .silent
            return
        }
        guard case .status(let quorum) = replies[2], quorum.starts(with: "OK".utf8) else {
            let isTooFew = if case .error(let text) = replies[2] { text.starts(with: "NOQUORUM".utf8) } else { false }
            self = isTooFew ? .tooFew : .silent
            return
        }
        guard case .array(let pairs) = replies[1] else {
            self = .silent
            return
        }
        var fields: [String: [UInt8]] = [:]
        for index in stride(from: 0, to: pairs.count - 1, by: 2) {
            guard case .bulk(let name) = pairs[index], case .bulk(let value) = pairs[index + 1] else { continue }
            fields[String(decoding: name, as: UTF8.self)] = value
        }
        func text(_ name: String) -> String { fields[name].map { String(decoding: $0, as: UTF8.self) } ?? "" }
        // During a failover the name has the new address already, and these are the old primary's fields.
        guard Self.location([.bulk(fields["ip"] ?? []), .bulk(fields["port"] ?? [])]) == location else {
            self = .primary(location, age: .zero)
            return
        }
        let flags = text("flags").split(separator: ",")
        guard flags.contains("master"), !flags.contains("s_down"), !flags.contains("o_down") else {
            self = .down
            return
        }
        self = .primary(location, age: .milliseconds(max(0, Int64(text("role-reported-time")) ?? 0)))
    }

    private static func location(_ parts: [Reply]) -> StoreURL.Location? {
        guard parts.count == 2, case .bulk(let host) = parts[0], case .bulk(let digits) = parts[1], !host.isEmpty,
            let port = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(port)
        else { return nil }
        return .tcp(host: String(decoding: host, as: UTF8.self), port: port)
    }
}
