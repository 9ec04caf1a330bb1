/// The kind of a key under the guarded prefix, read from its bytes (WireContract.md, *Keys*).
public enum GuardedKey {
    /// The kind of scope in a guarded key. A key of unknown form counts as a token's.
    /// - Parameters:
    ///   - key: begins with the guarded prefix.
    ///   - prefixLength: the prefix's length in bytes.
    public static func kind(of key: RawSpan, prefixLength: Int) -> Scope.Kind {
        if let kind = scopeKind(of: key, from: prefixLength) { return kind }
        guard let colon = firstColon(of: key, from: prefixLength),
            isLabel(key.extracting(prefixLength..<colon))
        else { return .token }
        return scopeKind(of: key, from: colon + 1) ?? .token
    }

    /// Whether bytes can be an issuer's label: 1 to 32 of `a-z 0-9 -`, and none of the scopes' words.
    static func isLabel(_ bytes: RawSpan) -> Bool {
        guard (1...Limits.maximumIssuerLabelBytes).contains(bytes.byteCount) else { return false }
        for index in 0..<bytes.byteCount {
            switch bytes[byte: index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                continue
            default: return false
            }
        }
        return
            !(bytes.equals("jti") || bytes.equals("sid") || bytes.equals("sub") || bytes.equals("client")
            || bytes.equals("kid") || bytes.equals("all"))
    }

    private static func scopeKind(of key: RawSpan, from offset: Int) -> Scope.Kind? {
        if key.starts(with: "jti:", at: offset) { return .token }
        if key.starts(with: "sid:", at: offset) { return .session }
        if key.starts(with: "sub:", at: offset) { return .subject }
        if key.starts(with: "client:", at: offset) { return .client }
        if key.starts(with: "kid:", at: offset) { return .key }
        if key.byteCount == offset + 3, key.starts(with: "all", at: offset) { return .all }
        return nil
    }

    private static func firstColon(of key: RawSpan, from offset: Int) -> Int? {
        let end = min(key.byteCount, offset + Limits.maximumIssuerLabelBytes + 1)
        return (offset..<end).first { key[byte: $0] == UInt8(ascii: ":") }
    }
}
