"""What the body of a workspace may hold, by api-version."""

from __future__ import annotations

from reconciler.sandbox.arm import identities
from reconciler.sandbox.arm.types import schema

_PROPERTIES = """
  allowPublicAccessWhenBehindVnet: bool
  allowRoleAssignmentOnRG~@never/2024-07-01: text_bool  # azure-ai-ml sends it with 2023-08-01
  applicationInsights: str
  allowRecoverSoftDeletedWorkspace: ignored
  existingWorkspaces: ignored
  softDeleteEnabled@never/2022-12-01: ignored
  associatedWorkspaces@2024-04-01/2023-04-01: [str]
  containerRegistries@never/2023-04-01: [str]
  containerRegistry: str
  description: str
  discoveryUrl: str
  enableDataIsolation@2024-04-01/2023-04-01: text_bool
  enableServiceSideCMKEncryption@2025-06-01/2024-07-01: bool
  enableSimplifiedCmk@never/2024-07-01: bool
  enableSoftwareBillOfMaterials@never/2024-01-01: bool
  encryption: <ml.EncryptionProperty>
    cosmosDbArmId: ignored  # these three, and the two below: in azure-ai-ml's ARM template
    storageAccountArmId: ignored
    searchAccountArmId: ignored
    cosmosDbResourceId@2025-12-01/2023-06-01: ~
    searchAccountResourceId@2025-12-01/2023-06-01: ~
    storageAccountResourceId@2025-12-01/2023-06-01: ~
  featureStoreSettings@2023-10-01/2022-12-01: <ml.FeatureStoreSettings>
  friendlyName: str
  hbiWorkspace: text_bool  # azure-ai-ml's ARM template sends the text `false` (Json.NET coerces)
  hubResourceId@2024-04-01/2023-04-01: str
  imageBuildCompute: str
  ipAllowlist@never/2024-01-01: [str]
  keyVault: str
  keyVaults@never/2023-04-01: [str]
  managedNetwork@2023-10-01/2023-04-01: <ml.ManagedNetworkSettings>
    enableFirewallLog@2025-09-01..2025-09-01: bool
    enableNetworkMonitor@2025-09-01/2024-10-01: ~
    firewallSku@2024-10-01/2024-10-01: ~
    managedNetworkKind@2025-04-01/2024-10-01: ~
  networkAcls@never/2024-10-01: any
  mlFlowTrackingUri-: str
  notebookInfo-:
    fqdn: str
    resourceId: str
    isPrivateLinkEnabled@2025-12-01/2023-06-01: bool
  primaryUserAssignedIdentity: str
  privateEndpointConnections-: any
  privateLinkCount-: int
  provisionNetworkNow~@2025-06-01/2024-10-01: text_bool  # and this
  provisioningState-: str
  publicNetworkAccess: Enabled|Disabled
  serverlessComputeSettings@2023-10-01/2023-08-01: <ml.ServerlessComputeSettings>
  serviceManagedResourcesSettings: any
  serviceProvisionedResourceGroup-: str
  sharedPrivateLinkResources: [<ml.SharedPrivateLinkResource>]
  softDeleteRetentionInDays@never/2023-02-01: int
  storageAccount: str
  storageAccounts@never/2023-04-01: [str]
  storageHnsEnabled-: bool
  systemDatastoresAuthMode@2025-06-01/2022-12-01: AccessKey|Identity|UserDelegationSAS
  tenantId-: str
  v1LegacyMode@2022-05-01: bool
  workspaceHubConfig@2024-04-01/2023-06-01: <ml.WorkspaceHubConfig>
  workspaceId-: str
"""
_SKU = """
sku:
  name!: str  # any text is taken: `Standard_S1` was recorded
  tier: Free|Basic|Standard|Premium
  size: str
  family: str
  capacity: int
"""
SCHEMA = schema(
    """
    location: str
    kind@2023-10-01/2022-12-01: str
    tags: map
    """,
    _SKU,
    identities.SCHEMA,
    "properties!:" + _PROPERTIES,
)
