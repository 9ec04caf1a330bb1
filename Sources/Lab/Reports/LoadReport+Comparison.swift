extension LoadReport {
    /// Two servers that took turns.
    public struct Comparison: Codable, Sendable {
        /// One figure, of every turn.
        public struct Figure: Codable, Sendable {
            /// With its unit.
            public var name: String
            public var first: [Double]
            public var second: [Double]

            /// The first server's divided by the second's, of each pair of turns.
            public var ratios: [Double] { zip(first, second).map { $0 / $1 } }
            /// The median of ``ratios``.
            public var ratio: Double { ratios.median }
        }

        /// What was compared.
        public var title: String
        /// The servers.
        public var first: String
        public var second: String
        public var figures: [Figure]
    }

    /// A part of a run, such as a server's turn, marked in the time line.
    public struct Phase: Codable, Sendable {
        public var name: String
        /// Seconds from the run's start.
        public var start: Double
        public var end: Double
    }
}
