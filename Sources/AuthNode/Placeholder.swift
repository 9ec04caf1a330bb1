// AuthNode
