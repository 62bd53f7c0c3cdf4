"""Azure Machine Learning: what its words mean."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

CONCEPTS = Table(
    columns=("term", "meaning", "use", "care"),
    asks=(
        Ask(
            ("What is {term} in Azure Machine Learning?", "Can you explain {term} in Azure ML?"),
            ("What is {term}, in short?",),
            ("{term} is {meaning}.",),
        ),
        Ask(
            (
                "What do I use {term} for in Azure ML?",
                "When do I need {term} in Azure Machine Learning?",
            ),
            ("When do I need that?",),
            ("{use}.",),
        ),
        Ask(
            (
                "What should I watch out for with {term} in Azure ML?",
                "Is there a trap with {term} in Azure Machine Learning?",
            ),
            ("What should I watch out for?",),
            ("{care}.",),
        ),
    ),
    rows="""
a workspace | the top-level resource that holds assets, jobs and endpoints | You need one before you can train or deploy anything | Its linked storage account and key vault cannot simply be swapped later
a hub | a workspace of kind Hub that shares security settings and connections | It gives several projects one network setup and common connections | Deleting it is refused while projects hang on it
a project | a workspace of kind Project that belongs to a hub | It is where a team keeps flows and evaluations | It inherits storage and vault from the hub, so do not send them again
a compute cluster | a set of virtual machines that grows and shrinks with the jobs | Training jobs run there | With a minimum of one node it costs money day and night
a compute instance | a virtual machine for one person | Notebooks and trying things out | Set an idle shutdown, or it runs over the weekend
serverless compute | compute that Azure ML manages and creates for a job | Jobs without a cluster of your own | It still needs quota for the machine family
a datastore | a named reference to storage with its way of signing in | Paths such as azureml://datastores/name/paths/file go through it | With identity-based access each user and compute needs a data role
a data asset | a named and versioned reference to data | Jobs can name their input and repeat a run exactly | Registering does not check that the file exists
an environment | a container image together with its packages | It makes jobs and deployments repeatable | A new image takes minutes to build the first time
a component | a reusable step with inputs and outputs | Pipelines are put together from them | Give it a new version when its interface changes
a pipeline | a job that joins several steps | Preparing, training and evaluating in one go | Steps may be reused from a cache although you expect a fresh run
a command job | a job that runs one command in an environment on compute | Training with a script of your own | Everything in the code folder is uploaded, so keep data out of it
a fine-tuning job | a job that trains an existing model further on your examples | Adapting a chat model to your answers | The training file must hold one JSON object with messages on each line
a sweep job | a job that tries many hyperparameters | Finding a good learning rate | Set limits, for each trial costs money
an automated ML job | a job that tries algorithms by itself | A first baseline for tables or images | It optimises the metric you name, so name the right one
a model asset | a named and versioned set of model files | Deployments refer to it | A version cannot be changed, so register a new one
an MLflow model | a model in a folder with a file MLmodel that says how to load it | It deploys without a scoring script | The environment it lists must be installable
a registry | a store of models and environments that several workspaces share | Moving a model from test to production | The public registry azureml holds the models of the catalog
an online endpoint | a fixed address that answers requests at once | Serving a model to applications | The name must be unique in its region
a managed online deployment | the machines and the model behind an online endpoint | Running one version of a model | It needs quota for the instances and some more for upgrades
traffic allocation | the share of requests each deployment of an endpoint gets | Moving users from blue to green step by step | A new deployment gets none until you say so
mirrored traffic | copies of live requests sent to a second deployment | Testing a version without showing its answers | The answers are thrown away, but the machines cost the same
a batch endpoint | an address that starts scoring of many files | Scoring data over night | It answers with a job and not with results
an endpoint key | a secret that callers send as a bearer token | Calling an endpoint that uses key authentication | Renewing it breaks callers that still hold the old one
a managed identity | an identity of a resource that needs no password | Letting compute read storage | The role takes minutes to become effective after it is granted
the role AcrPull | the right to pull images from a container registry | An endpoint's identity needs it | It does nothing unless the registry is the one of the workspace
the role Storage Blob Data Reader | the right to read blobs | Compute that reads training data by identity needs it | Contributor on the account does not include it
quota | the number of cores you may use of a machine family in a region | Every cluster and deployment counts against it | GPU families start at zero in new subscriptions
low-priority compute | spare machines at a lower price | Training that may be interrupted | Save checkpoints, since machines can be taken away at any time
idle seconds before scale down | the time a node waits without work before it is released | Keeping a node warm between jobs | Long times cost money, short ones cost start-up
a connection | stored sign-in data for another service | Flows call models through it | Keys in it are shown only to those who may list secrets
prompt flow | a graph of prompts and Python steps | Building and testing chat applications | It retires on 20 April 2027, so plan a move
a managed network | a virtual network that Azure ML runs for a workspace | Keeping traffic off the internet | Once isolation is on it cannot be switched off
Application Insights | the service that collects traces and metrics | Watching an endpoint's requests and errors | Logging whole prompts may store personal data
the key vault of a workspace | the store of its secrets | Connections keep their keys there | A deleted vault stays soft-deleted and blocks its name
a run | one execution of a job with its metrics and files | Comparing experiments | Metrics logged after the end are lost
an experiment | a named group of runs | Keeping attempts at one question together | It is only a name, so a typing error makes a new one
the studio | the web site of Azure Machine Learning | Looking at jobs, logs and models | What you click there is not in your spec
the SDK for Python, version 2 | the package azure-ai-ml | Creating jobs and endpoints from code | Version 1 ended its support in June 2026
a deployment's liveness probe | a regular question whether the container is alive | Restarting a container that hangs | A short initial delay kills a model that loads slowly
""",
)

TABLES = (CONCEPTS,)
