import Testing

@testable import RevokedServer

/// In which order a thread hands out what is in its mailbox.
@Suite struct DeliveriesTests {
    @Test func whatIsCopiedLeavesATurnToTheOthers() throws {
        let bench = SessionBench()
        let (client, totals) = (bench.client, MailTotals())
        let mailbox = Mailbox(totals)
        func post(_ condition: Mailbox.Condition, _ count: Int) {
            for number in 0..<count {
                mailbox.post(
                    .init(message: PushMessage("x", Int64(number)), recipients: [client], condition: condition))
            }
        }
        post(.copies, 20)
        post(.monitors, 2)
        post(.hearsInvalidations, 4)
        var deliveries = Deliveries()
        #expect(deliveries.take(from: mailbox) && !deliveries.mayWait)
        var order = ""
        while let next = deliveries.next(mailbox) {
            switch next.letter.condition {
            case .copies: order += "c"
            case .hearsInvalidations: order += "i"
            default: order += "o"
            }
        }
        #expect(order == "cccicccicccicccicccocccocc")
        #expect(deliveries.isEmpty && totals.bytes == 0)
    }
}
