import Foundation

/// Reads the time. Passed in, so that a test can set it.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Int64

    /// - Parameter read: answers Unix milliseconds.
    public init(_ read: @escaping @Sendable () -> Int64) {
        self.read = read
    }

    /// The machine's clock.
    public static let system = WallClock { Int64((Date().timeIntervalSince1970 * 1000).rounded()) }

    /// Unix milliseconds.
    public var now: Int64 { read() }
}
