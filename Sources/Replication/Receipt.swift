/// Where everything up to a position of the log is in force, as its writer may be told.
package struct Receipt: Equatable, Sendable {
    /// What stands among ``waitedOut`` for followers of the process before, whose names are not known.
    static let predecessor = "(before the restart)"

    /// How many followers have applied it.
    package var followers: Int
    /// The followers whose lease ran out before they had applied it, as they have joined.
    package var waitedOut: [String]
}
