import Contract

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Epoch {
    /// A new epoch: a random UUID (RFC 9562, version 4), in lower case.
    static func random() -> String { UUID().uuidString.lowercased() }
}
