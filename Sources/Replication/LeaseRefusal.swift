/// Why a follower gets no lease now.
package enum LeaseRefusal: Error, Equatable, CustomStringConvertible {
    /// No leases are granted at all.
    case off
    /// There is no such follower.
    case unknown
    /// It has not said that it has applied anything.
    case incomplete
    /// It has not applied what could be read so many milliseconds ago.
    case behind(Int64)
    /// A lease of it had to be waited out. Milliseconds.
    case penalty(left: Int64)
    /// Leases of many had to be waited out. Milliseconds.
    case storm(left: Int64)
    /// So many others hold one.
    case full(Int)
    /// It has renewed its lease just now.
    case tooSoon

    package var description: String {
        switch self {
        case .off: "leases are turned off"
        case .unknown: "no follower's stream has that name"
        case .incomplete: "the copy is not complete"
        case .behind(let milliseconds): "more than \(milliseconds) ms behind"
        case .penalty(let left): "a lease had to be waited out: the next one in \((left + 999) / 1000) s"
        case .storm(let left): "leases had to be waited out too often: the next one in \((left + 999) / 1000) s"
        case .full(let count): "\(count) others hold a lease"
        case .tooSoon: "renewed just now"
        }
    }
}
