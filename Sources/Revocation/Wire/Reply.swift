/// A reply of the store (RESP2).
enum Reply: Sendable, Equatable {
    /// `+OK`
    case status([UInt8])
    /// `-ERR …`
    case error([UInt8])
    /// `:1`
    case integer(Int64)
    /// `$5…`
    case bulk([UInt8])
    /// `$-1` or `*-1`
    case null
    /// `*2…`
    case array([Reply])

    static let ok = Reply.status(Array("OK".utf8))
}
