/// A request that every server can be sent.
enum Operation: String, Sendable, Codable {
    case existsHit, existsMiss, mget3, check, check7, checkMiss, setex, unlink

    /// In a report.
    var title: String {
        switch self {
        case .existsHit: "EXISTS, revoked"
        case .existsMiss: "EXISTS, not revoked"
        case .mget3: "MGET of 3"
        case .check: "full check, revoked"
        case .check7: "full check of every scope, revoked"
        case .checkMiss: "full check, not revoked"
        case .setex: "SETEX"
        case .unlink: "UNLINK"
        }
    }
}

/// The protocol that a server speaks: how an operation is written in it, and what it answers.
enum Dialect: Sendable {
    /// - Parameter epoch: the server's `revoked.epoch`; nil if it has none.
    case redis(epoch: String?)
    /// memcached's text protocol, with the meta commands of 1.6.
    case memcached

    static let prefix = "revoked:jti:"
    static let value = "logout"
    private static let key = prefix + KeySpace.placeholder
    private static let check = [
        "MGET", key, "revoked:sid:\(KeySpace.placeholder)", "revoked:sub:\(KeySpace.placeholder)", "revoked.epoch",
    ]

    /// The same with the scopes that many tokens share, whose keys are always the same.
    private static let check7 =
        Array(check.dropLast()) + [
            "revoked:client:storefront", "revoked:kid:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "revoked:all",
            "revoked.epoch",
        ]

    /// - Parameter lifetime: of what is written, in seconds.
    /// - Returns: nil if there is no such operation in this protocol, or none whose reply is always the same.
    func template(_ operation: Operation, lifetime: Int) -> RequestTemplate? {
        var template: RequestTemplate? =
            switch self {
            case .redis(let epoch): Self.redis(operation, lifetime, epoch)
            case .memcached: Self.memcached(operation, lifetime)
            }
        template?.name = operation.title
        return template
    }

    private static func redis(_ operation: Operation, _ lifetime: Int, _ epoch: String?) -> RequestTemplate {
        switch operation {
        case .existsHit: .resp(["EXISTS", key], live: [true], reply: ":1\r\n")
        case .existsMiss: .resp(["EXISTS", key], live: [false], reply: ":0\r\n")
        case .mget3:
            .resp(
                ["MGET", key, key, key], live: [true, true, true], reply: RESPText.array([value, value, value]))
        // What a verifier asks (WireContract.md, *Checking*): a token that is revoked or not, its session and subject
        // that are not.
        case .check: .resp(check, live: [true, false, false], reply: RESPText.array([value, nil, nil, epoch]))
        case .check7:
            .resp(
                check7, live: [true, false, false],
                reply: RESPText.array([value, nil, nil, nil, nil, nil, epoch]))
        case .checkMiss: .resp(check, live: [false, false, false], reply: RESPText.array([nil, nil, nil, epoch]))
        case .setex: .resp(["SETEX", key, "\(lifetime)", value], live: [true], reply: "+OK\r\n")
        case .unlink: .resp(["UNLINK", key], live: [true], reply: ":1\r\n")
        }
    }

    private static func memcached(_ operation: Operation, _ lifetime: Int) -> RequestTemplate? {
        switch operation {
        case .existsHit: RequestTemplate("mg \(key)\r\n", live: [true], reply: "HD\r\n")
        case .existsMiss: RequestTemplate("mg \(key)\r\n", live: [false], reply: "EN\r\n")
        case .setex:
            RequestTemplate(
                "ms \(key) \(value.utf8.count) T\(lifetime)\r\n\(value)\r\n", live: [true], reply: "HD\r\n")
        case .mget3, .check, .check7, .checkMiss, .unlink: nil
        }
    }
}
