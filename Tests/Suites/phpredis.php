<?php
// One test of phpredis' suite, or the names of all: phpredis.php DIRECTORY [PORT TEST].
$directory = $argv[1];
chdir($directory);
// The suite finds its other files beside the program.
$_SERVER['PHP_SELF'] = "$directory/TestRedis.php";
error_reporting(E_ALL & ~E_DEPRECATED);
define('PHPREDIS_TESTRUN', true);
require "$directory/TestSuite.php";
require "$directory/RedisTest.php";

if (!isset($argv[3])) {
    foreach ((new ReflectionClass('Redis_Test'))->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
        if (str_starts_with($method->name, 'test')) echo $method->name, "\n";
    }
    exit;
}
$suite = new Redis_Test('127.0.0.1', (int) $argv[2], null);
try {
    $suite->setUp();
    $suite->{$argv[3]}();
} catch (TestSkippedException $exception) {
    echo 'skipped';
    exit(77);
} catch (Throwable $exception) {
    Redis_Test::$errors[] = get_class($exception) . ': ' . $exception->getMessage();
}
echo implode('', Redis_Test::$errors);
exit(Redis_Test::$errors ? 1 : 0);
