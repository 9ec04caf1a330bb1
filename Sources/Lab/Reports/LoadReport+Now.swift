#if os(Linux)
    import Foundation

    extension LoadReport {
        /// A report without figures of a run that begins now, on this machine.
        init(_ title: String, settings: [Fact] = [], seed: UInt64? = nil) {
            self.init(
                title: title, date: Date(), machine: .current(), isDebugBuild: BenchReport.Machine.isDebugBuild,
                settings: settings, seed: seed)
        }
    }
#endif
