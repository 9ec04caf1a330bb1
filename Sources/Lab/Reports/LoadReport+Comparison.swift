extension LoadReport {
    /// Two servers that took turns.
    package struct Comparison: Codable, Sendable {
        /// One figure, of every turn.
        package struct Figure: Codable, Sendable {
            /// With its unit.
            package var name: String
            package var first: [Double]
            package var second: [Double]

            /// The first server's divided by the second's, of each pair of turns.
            package var ratios: [Double] { zip(first, second).map { $0 / $1 } }
            /// The median of ``ratios``.
            package var ratio: Double { ratios.median }
        }

        /// What was compared.
        package var title: String
        /// The servers.
        package var first: String
        package var second: String
        package var figures: [Figure]
    }

    /// A part of a run, such as a server's turn, marked in the time line.
    package struct Phase: Codable, Sendable {
        package var name: String
        /// Seconds from the run's start.
        package var start: Double
        package var end: Double
    }
}
