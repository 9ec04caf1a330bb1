#if os(Linux)
    /// What became of the faults.
    struct ChaosFigures {
        private let records: [ChaosMaker.Record]
        private let began: Int64

        /// - Parameter began: the run's start on the harness' clock.
        init(_ records: [ChaosMaker.Record], began: Int64) {
            self.records = records
            self.began = began
        }

        func fill(_ report: inout LoadReport) {
            report.faults = records.map { record in
                LoadReport.Fault(
                    kind: record.fault.kind, target: record.fault.target, start: seconds(record.start),
                    end: record.recovered.map(seconds))
            }
            report.facts.append(.init("faults", Quantity.count(records.count)))
            for group in Set(records.map(\.fault.group)).sorted() {
                let times = records.filter { $0.fault.group == group }.compactMap { record in
                    record.recovered.flatMap { recovered in record.undone.map { Double(recovered - $0) / 1e3 } }
                }
                guard let longest = times.max() else { continue }
                report.facts.append(
                    .init(
                        "recovered after \(group)",
                        "\(Quantity.time(times.median)), at most \(Quantity.time(longest)) (\(times.count) times)"))
            }
            let open = records.filter { $0.recovered == nil }.count
            if open > 0 { report.failures.append("\(open) faults from which not all nodes recovered") }
        }

        private func seconds(_ time: Int64) -> Double { Double(time - began) / 1e9 }
    }
#endif
