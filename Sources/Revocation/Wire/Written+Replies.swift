extension Written {
    /// - Parameters:
    ///   - replies: to this many writes, and to `WAIT` or `LEASE RECEIPT` behind them.
    ///   - waits: whether replicas are to confirm them. Our daemon waits for none.
    init(_ replies: [Reply], _ entryCount: Int, waits: Bool, _ dialect: StoreDialect) throws(StoreFailure) {
        for reply in replies.prefix(entryCount) where reply != .ok { throw StoreFailure(unexpected: reply) }
        let last = replies.count > entryCount ? replies[entryCount] : nil
        if dialect == .daemon {
            replicas = waits ? 0 : nil
            receipt = try last.flatMap { (reply) throws(StoreFailure) in try Receipt(reply) }
        } else if waits {
            guard case .integer(let count) = last else { throw StoreFailure(unexpected: last ?? .null) }
            replicas = Int(clamping: count)
        }
    }
}

extension Receipt {
    /// Sent behind the writes, in the same pipeline (Following.md).
    static let command = Command("LEASE", "RECEIPT")
    private static let maximumNameBytes = 256

    /// - Returns: nil if the daemon gives none: an older one, or one whose user may not ask.
    init?(_ reply: Reply) throws(StoreFailure) {
        if case .error = reply { return nil }
        guard case .array(let parts) = reply, parts.count == 2, case .integer(let count) = parts[0], count >= 0,
            case .array(let names) = parts[1]
        else { throw StoreFailure(unexpected: reply) }
        inForceOn = Int(clamping: count)
        waitedOut = []
        for name in names {
            guard case .bulk(let bytes) = name else { throw StoreFailure(unexpected: name) }
            waitedOut.append(String(decoding: bytes.prefix(Self.maximumNameBytes), as: UTF8.self))
        }
    }
}
