# Two rules over `resource_changes`, written as for a plan of Terraform.
package main

import rego.v1

holds_data := {"storage_account", "workspace", "key_vault", "container_registry"}

needed_tags := {"cost-center"}

is_deleted(change) if "delete" in change.change.actions

# What holds data is neither deleted nor deleted and created again.
deny contains message if {
	change := input.resource_changes[_]
	holds_data[change.type]
	is_deleted(change)
	message := sprintf("%s: a %s is not deleted", [change.address, change.type])
}

# What is created with tags has those that the bill is split by.
deny contains message if {
	change := input.resource_changes[_]
	"create" in change.change.actions
	tags := change.change.after.tags
	tag := needed_tags[_]
	not tags[tag]
	message := sprintf("%s: the tag %s is missing", [change.address, tag])
}
